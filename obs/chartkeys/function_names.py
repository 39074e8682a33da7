"""The functions of Helm templates (Go, Sprig, Helm itself), by what their result tells about their arguments.

Lists: https://masterminds.github.io/sprig/ and https://helm.sh/docs/chart_template_guide/function_list/ .
"""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Result is one of the arguments, or all of them together.
SAME = _names(
    """and coalesce compact concat deepCopy default initial merge mergeOverwrite mustCompact
    mustConcat mustDeepCopy mustInitial mustMerge mustMergeOverwrite mustRest mustReverse mustSlice
    mustUniq mustWithout or required rest reverse slice sortAlpha ternary uniq without"""
)
# Result is text; only written-out values inside it still matter.
TEXT = _names(
    """abbrev b64enc camelcase cat html join kebabcase lower mustRegexReplaceAll mustRegexReplaceAllLiteral nospace
    plural print printf println quote regexReplaceAll regexReplaceAllLiteral replace snakecase squote substr
    swapcase title toString toStrings tpl trim trimAll trimPrefix trimSuffix trunc untitle upper urlquery wrap
    wrapWith"""
)
# Result tells nothing more about the argument than a number, a yes or no, or a digest.
PLAIN = _names(
    """add add1 addf adler32sum ago all any atoi b64dec base bcrypt biggest bool ceil clean contains
    dateInZone date dateModify derivePassword dir div divf duration durationRound empty env eq expandenv ext fail
    float64 floor ge genCA genPrivateKey genSelfSignedCert genSignedCert getHostByName gt has hasPrefix hasSuffix
    htmlDate htpasswd int int64 isAbs le len lookup lt max maxf min minf mod mul mulf mustDateModify mustHas
    mustRegexFind mustRegexMatch mustRegexSplit mustToDate ne not now osBase osDir quantity randAlpha randAlphaNum
    randAscii randBytes randInt randNumeric regexFind regexFindAll regexMatch regexQuoteMeta regexSplit repeat round
    seq semver semverCompare sha1sum sha256sum sha512sum shuffle split splitList splitn sub subf toDate toDecimal
    unixEpoch until untilStep urlJoin urlParse uuidv4"""
)
WRITE = _names(
    """mustToJson mustToPrettyJson mustToRawJson mustToToml mustToYaml toJson toPrettyJson toRawJson toToml toYaml
    toYamlPretty"""
)
PARSE = _names("fromJson fromJsonArray fromToml fromYaml fromYamlArray mustFromJson")
PROBE = _names("kindIs kindOf typeIs typeIsLike typeOf")
CHANGES_FIRST = _names("merge mergeOverwrite mustMerge mustMergeOverwrite set")
"""Functions that change the map that they are given first."""
