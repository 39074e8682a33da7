"""Reads the Go template language, as far as a chart's templates use it, into a syntax tree.

Grammar: https://pkg.go.dev/text/template. Only the structure is read; nothing is executed. Trim markers are
dropped, because no consumer cares about white space at the edges of an action.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from obs.chartkeys.syntax import Action, Branch, Call, Expr, Field, Lit, Node, Template, TemplateSyntaxError, Text, Var

_ACTION = re.compile(r'\{\{(?:"(?:\\.|[^"\\\n])*"|`[^`]*`|/\*.*?\*/|(?!\}\}).)*?\}\}', re.S)
_TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<comment>/\*.*?\*/)|(?P<string>"(?:\\.|[^"\\\n])*"|`[^`]*`)|(?P<char>'(?:\\.|[^'\\])+')
    |(?P<number>[-+]?(?:0[xX][0-9a-fA-F_]+|\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?))|(?P<field>\.[^\W\d]\w*)|(?P<dot>\.)
    |(?P<var>\$\w*)|(?P<word>[^\W\d]\w*)|(?P<mark>:=|[=|(),])""",
    re.S | re.X,
)
_OPENERS = ("if", "with", "range", "define", "block")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    spaced: bool


def parse_template(source: str) -> Template:
    """The tree of one template file. Raises TemplateSyntaxError where the text does not follow the grammar."""
    return _Reader(source).template()


def _tokens(action: str) -> list[_Token]:
    found: list[_Token] = []
    position, spaced = 0, True
    while position < len(action):
        match = _TOKEN.match(action, position)
        if match is None or match.lastgroup is None:
            raise TemplateSyntaxError(f"unreadable action {action[position : position + 20]!r}")
        position = match.end()
        if match.lastgroup in ("space", "comment"):
            spaced = True
            continue
        found.append(_Token(match.lastgroup, match.group(), spaced))
        spaced = False
    return found


class _Reader:
    def __init__(self, source: str) -> None:
        self.pieces = self._split(source)
        self.at = 0
        self.defines: dict[str, list[Node]] = {}

    @staticmethod
    def _split(source: str) -> list[str | list[_Token]]:
        pieces: list[str | list[_Token]] = []
        end = 0
        for match in _ACTION.finditer(source):
            pieces.append(source[end : match.start()])
            inner = match.group()[2:-2]
            inner = inner[1:] if inner[:1] == "-" and inner[1:2].isspace() else inner
            inner = inner[:-1] if inner[-1:] == "-" and inner[-2:-1].isspace() else inner
            pieces.append(_tokens(inner))
            end = match.end()
        pieces.append(source[end:])
        return pieces

    def template(self) -> Template:
        body, stop = self._block()
        if stop:
            raise TemplateSyntaxError(f"{stop[0].text!r} closes nothing")
        return Template(body, self.defines)

    def _block(self) -> tuple[list[Node], list[_Token]]:
        """Nodes up to the ``end`` or ``else`` that closes the block, and that action's tokens."""
        nodes: list[Node] = []
        while self.at < len(self.pieces):
            piece = self.pieces[self.at]
            self.at += 1
            if isinstance(piece, str):
                nodes.append(Text(piece))
            elif piece and piece[0].kind == "word" and piece[0].text in ("end", "else"):
                return nodes, piece
            elif piece:
                nodes.extend(self._action(piece))
        return nodes, []

    def _action(self, tokens: list[_Token]) -> list[Node]:
        word = tokens[0].text if tokens[0].kind == "word" else ""
        if word in ("break", "continue") and len(tokens) == 1:
            return []
        if word == "template":
            return [Action(Call("include", _Line(tokens[1:]).arguments()))]
        if word in ("define", "block"):
            arguments = _Line(tokens[1:]).arguments()
            name = arguments[0] if arguments else None
            if not isinstance(name, Lit) or not isinstance(name.value, str):
                raise TemplateSyntaxError(f"{word} without a name")
            self.defines[name.value] = self._until_end()
            return [Action(Call("include", arguments))] if word == "block" else []
        if word in _OPENERS:
            return [self._branch(word, tokens[1:])]
        return [_Line(tokens).statement()]

    def _until_end(self) -> list[Node]:
        body, stop = self._block()
        if not stop or stop[0].text != "end":
            raise TemplateSyntaxError("a block is not closed by end")
        return body

    def _branch(self, keyword: str, tokens: list[_Token]) -> Branch:
        branch = Branch(keyword, _Line(tokens).statement())
        branch.body, stop = self._block()
        if stop and stop[0].text == "else":
            rest = stop[1:]
            if rest:  # "else if x" and "else with x" share the end of the whole chain
                branch.otherwise = [self._branch(rest[0].text, rest[1:])]
            else:
                branch.otherwise = self._until_end()
        elif not stop:
            raise TemplateSyntaxError(f"{keyword} is not closed by end")
        return branch


class _Line:
    """The tokens of one action, read as a pipeline."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self.tokens = tokens
        self.at = 0

    def _peek(self, text: str = "", kind: str = "mark") -> bool:
        if self.at >= len(self.tokens):
            return False
        token = self.tokens[self.at]
        return token.kind == kind and (not text or token.text == text)

    def statement(self) -> Action:
        names: list[str] = []
        start = self.at
        while self._peek(kind="var"):
            names.append(self.tokens[self.at].text)
            self.at += 1
            if not self._peek(","):
                break
            self.at += 1
        if names and (self._peek(":=") or self._peek("=")):
            declare = self.tokens[self.at].text == ":="
            self.at += 1
            return Action(self._whole(), tuple(names), declare)
        self.at = start
        return Action(self._whole())

    def arguments(self) -> tuple[Expr, ...]:
        """The operands of ``template`` and ``define``; the last one may be a pipeline."""
        name = self._operand()
        return (name, self._whole()) if self.at < len(self.tokens) else (name,)

    def _whole(self) -> Expr:
        expr = self._pipeline()
        if self.at != len(self.tokens):
            raise TemplateSyntaxError(f"unexpected {self.tokens[self.at].text!r}")
        return expr

    def _pipeline(self) -> Expr:
        expr = self._command(())
        while self._peek("|"):
            self.at += 1
            expr = self._command((expr,))
        return expr

    def _command(self, piped: tuple[Expr, ...]) -> Expr:
        first = self._operand()
        rest: list[Expr] = []
        while self.at < len(self.tokens) and not (self._peek("|") or self._peek(")")):
            rest.append(self._operand())
        args = (*rest, *piped)
        if isinstance(first, Call) and first.function and not first.args:
            return Call(first.function, args)
        return Call("", (first, *args)) if args else first

    def _operand(self) -> Expr:
        if self.at >= len(self.tokens):
            raise TemplateSyntaxError("an operand is missing")
        token = self.tokens[self.at]
        self.at += 1
        expr = self._simple(token)
        while self._peek(kind="field") and not self.tokens[self.at].spaced:
            expr = Field(expr, self.tokens[self.at].text[1:])
            self.at += 1
        return expr

    def _simple(self, token: _Token) -> Expr:
        if token.text == "(" and token.kind == "mark":
            expr = self._pipeline()
            if not self._peek(")"):
                raise TemplateSyntaxError("a parenthesis is not closed")
            self.at += 1
            # A closed parenthesis is a value: arguments after it do not belong to the function inside.
            return Call("coalesce", (expr,)) if isinstance(expr, Call) and not expr.args else expr
        simple: dict[str, Expr] = {
            "field": Field(Var("."), token.text[1:]),
            "dot": Var("."),
            "var": Var(token.text),
            "word": Lit(None) if token.text in ("true", "false", "nil") else Call(token.text, ()),
            "char": Lit(None),
        }
        if token.kind == "string":
            return Lit(token.text[1:-1] if token.text[0] == "`" else _unquote(token.text))
        if token.kind == "number":
            return Lit(int(token.text) if token.text.lstrip("+-").isdigit() else None)
        if token.kind not in simple:
            raise TemplateSyntaxError(f"unexpected {token.text!r}")
        return simple[token.kind]


def _unquote(text: str) -> str:
    # Go and Python share the escapes that charts use; an exotic one only costs the constant's exact text.
    try:
        return str(ast.literal_eval(text))
    except (SyntaxError, ValueError):
        return text[1:-1]
