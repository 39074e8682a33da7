"""What libraries raise, as reasons."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from pyiceberg import exceptions as iceberg
from sqlalchemy.exc import OperationalError
from thrift.transport.TTransport import TTransportException

from scanning import Failure, Reason

_KINDS: tuple[tuple[Reason, tuple[type[BaseException], ...]], ...] = (
    (
        Reason.UNAUTHORIZED,
        (iceberg.UnauthorizedError, iceberg.AuthorizationExpiredError, iceberg.OAuthError, NoCredentialsError),
    ),
    (Reason.FORBIDDEN, (iceberg.ForbiddenError, PermissionError)),
    (Reason.RATE_LIMITED, (iceberg.TooManyRequestsError,)),
    (Reason.NOT_FOUND, (FileNotFoundError,)),
    (Reason.TIMEOUT, (TimeoutError, requests.Timeout)),
    (Reason.UNAVAILABLE, (iceberg.ServiceUnavailableError, iceberg.ServerError, ClientError)),
    (
        Reason.UNREACHABLE,
        (
            requests.ConnectionError,
            ConnectionError,
            EndpointConnectionError,
            TTransportException,
            OperationalError,
            OSError,
        ),
    ),
    (Reason.MALFORMED, (iceberg.ValidationError, iceberg.RESTError, ValueError, EOFError, KeyError)),
)
_LONGEST = 500
_PASSED = (Failure, iceberg.NoSuchTableError, iceberg.NoSuchNamespaceError)


@contextmanager
def as_failure() -> Iterator[None]:
    """Errors of libraries become failures with a reason; what nobody foresaw passes with its trace."""
    try:
        yield
    except _PASSED:
        raise
    except Exception as error:
        for reason, kinds in _KINDS:
            if isinstance(error, kinds):
                raise Failure(reason, f"{type(error).__name__}: {error}"[:_LONGEST]) from None
        raise
