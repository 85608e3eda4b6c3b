"""What CI servers take, written down from the published schemas: as strict as they are, or stricter.

JUnit: the XSD of the Jenkins xUnit plugin (junit-10). SARIF: the OASIS schema of version 2.1.0, the
part that is used here.
"""

from lxml import etree

_TEXT = '<data type="string"/>'


def _attributes(required, optional=()):
    wanted = "".join(f'<attribute name="{name}"/>' for name in required)
    return wanted + "".join(f'<optional><attribute name="{name}"/></optional>' for name in optional)


def _results(names):
    return "".join(
        f'<element name="{name}">{_attributes((), ("message", "type"))}<text/></element>'
        for name in names
    )


JUNIT = etree.RelaxNG(
    etree.fromstring(f"""
<element name="testsuites" xmlns="http://relaxng.org/ns/structure/1.0"
         datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
  {_attributes((), ("name",))}
  <zeroOrMore>
    <element name="testsuite">
      {_attributes(("name", "tests", "failures", "errors"), ("skipped", "timestamp"))}
      <optional><attribute name="time">
        <data type="string"><param name="pattern">[0-9]+(\\.[0-9]{{1,3}})?</param></data>
      </attribute></optional>
      <optional>
        <element name="properties">
          <zeroOrMore>
            <element name="property">{_attributes(("name", "value"))}</element>
          </zeroOrMore>
        </element>
      </optional>
      <zeroOrMore>
        <element name="testcase">
          {_attributes(("name",), ("classname", "time"))}
          <zeroOrMore><choice>
            {_results(("skipped", "error", "failure"))}
            <element name="system-out"><text/></element>
          </choice></zeroOrMore>
        </element>
      </zeroOrMore>
    </element>
  </zeroOrMore>
</element>
""")
)

_MESSAGE = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}
_POSITION = {"type": "integer", "minimum": 1}
_REGION = {
    "type": "object",
    "properties": {"startLine": _POSITION, "startColumn": _POSITION, "endColumn": _POSITION},
    "additionalProperties": False,
}
_PLACE = {
    "type": "object",
    "properties": {
        "physicalLocation": {
            "type": "object",
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "properties": {
                        "uri": {"type": "string", "pattern": "^[^ ]+$"},
                        "uriBaseId": {"const": "%SRCROOT%"},
                    },
                    "required": ["uri"],
                    "additionalProperties": False,
                },
                "region": _REGION,
            },
            "required": ["artifactLocation"],
            "additionalProperties": False,
        }
    },
    "required": ["physicalLocation"],
    "additionalProperties": False,
}
_RULE = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "shortDescription": _MESSAGE},
    "required": ["id"],
    "additionalProperties": False,
}
_RESULT = {
    "type": "object",
    "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": _MESSAGE,
        "locations": {"type": "array", "items": _PLACE},
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["message"],
    "additionalProperties": False,
}
SARIF = {
    "type": "object",
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "tool": {
                        "type": "object",
                        "properties": {
                            "driver": {
                                "type": "object",
                                "properties": {
                                    "name": {"type": "string"},
                                    "semanticVersion": {"type": "string"},
                                    "rules": {
                                        "type": "array",
                                        "items": _RULE,
                                        "uniqueItems": True,
                                    },
                                },
                                "required": ["name"],
                                "additionalProperties": False,
                            }
                        },
                        "required": ["driver"],
                        "additionalProperties": False,
                    },
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {"type": "array", "items": _RESULT},
                    "invocations": {"type": "array"},
                },
                "required": ["tool"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["version", "runs"],
    "additionalProperties": False,
}
