"""Broken job files, made from good ones: the same for the same seed."""

import random
from pathlib import Path

import yaml

JOBS = Path(__file__).parents[1] / "jobs"
SAMPLES = Path(__file__).parents[2] / "jobs"

PIECES = [
    "{{", "}}", "{{ item.x }}", "{% for a in item %}", "{#", "\t", ":", ": ", "- ", "'", '"', "#", " #",
    "|", ">", ">-\n", "&a ", "*a", "!!python/object:x ", "!x ", "\n", "\r\n", "\n  ", "\n- ", "[", "]",
    "{", "}", ",", "?", "? ", "<<: ", "---\n", "...\n", "%YAML 1.1\n", "NO", "on", "012", "0o7", "1e3",
    "1e999", ".nan", "-.inf", "~", "null", "true", "\u202e", "\ufeff", "\x00", "\x07", "\u2028", "\ud83d\ude00",
    "..", "../", "/etc/passwd", "~/x", "C:\\x", "C:", "//", "\\", "`", "@", "query: x\n", "steps: []\n",
    "extends: base.yaml\n", "output: {a: integer}\n", "output: ", "vars: {a: {type: integer}}\n",
    "items: {from: ../data/companies.csv, where: '{{ item.x }}'}\n", "99999999999999999999999",
    "sk-a1B2c3D4e5F6g7H8i9J0k1L2", "{{ 9 ** 9 ** 9 }}", "{{ 'a' * 99999999 }}", "{{ [].__class__ }}",
    "-1", "0", "1.5", "24 hours", "5,00", "$5", "https://example.org", "x" * 300, "é", "日本",
]  # fmt: skip
VALUES = ["", " []", " {}", " null", " 0", " -1", " 1.5", " true", " text", " [a, b]", " {a: b}", " '{{ x }}'"]  # fmt: skip


def corpus() -> list[bytes]:
    """Return the job files to start from, good and bad ones."""
    files = [*SAMPLES.glob("*.yaml"), *JOBS.glob("ok/**/*.y*ml"), *JOBS.glob("err/**/*.y*ml")]
    return [file.read_bytes() for file in sorted(files)]


def mutated(texts: list[bytes], chance: random.Random) -> bytes:
    """Return one broken file."""
    if chance.random() < 0.02:
        return extreme(chance)
    text = chance.choice(texts)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        text = chance.choice(CHANGES)(text, texts, chance)
    return text


def _cut(text, texts, chance):
    start, end = sorted(chance.choices(range(len(text) + 1), k=2))
    return text[:start] + text[min(end, start + chance.choice((1, 4, 60))) :]


def _insert(text, texts, chance):
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(PIECES).encode("utf-8", "surrogatepass") + text[at:]


def _repeat(text, texts, chance):
    start = chance.randrange(len(text) + 1)
    piece = text[start : start + chance.choice((1, 5, 40))]
    return text[:start] + piece * chance.choice((2, 3, 50, 2_000)) + text[start:]


def _swap_lines(text, texts, chance):
    lines = text.split(b"\n")
    one, two = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]
    return b"\n".join(lines)


def _indent(text, texts, chance):
    lines = text.split(b"\n")
    at = chance.randrange(len(lines))
    lines[at] = chance.choice((b" ", b"  ", b"\t", b"      ")) + lines[at]
    return b"\n".join(lines)


def _other_value(text, texts, chance):
    lines = text.split(b"\n")
    at = chance.randrange(len(lines))
    key, colon, _ = lines[at].partition(b":")
    if colon:
        lines[at] = key + colon + chance.choice(VALUES).encode()
    return b"\n".join(lines)


def _misspell(text, texts, chance):
    at = chance.randrange(len(text) + 1)
    return text[:at] + bytes([chance.randrange(97, 123)]) + text[at + chance.randrange(2) :]


def _byte(text, texts, chance):
    at = chance.randrange(len(text) + 1)
    return text[:at] + bytes([chance.randrange(256)]) + text[at + 1 :]


def _splice(text, texts, chance):
    other = chance.choice(texts)
    return text[: chance.randrange(len(text) + 1)] + other[chance.randrange(len(other) + 1) :]


NODES = [None, [], {}, [[]], [{}], {"a": {}}, {"a": ["b"]}, ["a", {"b": 1}], 5, -1.5, True, "x", ""]


def _other_node(text, texts, chance):
    """Put a value of another kind in some place, however deep."""
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return text
    places = [(None, None)]
    waiting = [data] if isinstance(data, dict | list) else []
    while waiting:
        whole = waiting.pop()
        entries = whole.items() if isinstance(whole, dict) else enumerate(whole)
        for step, value in list(entries):
            places.append((whole, step))
            if isinstance(value, dict | list):
                waiting.append(value)
        if len(places) > 500:
            break
    whole, step = chance.choice(places)
    if whole is None:
        data = chance.choice(NODES)
    else:
        whole[step] = chance.choice(NODES)
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True).encode()


def _encode(text, texts, chance):
    plain = text.decode("utf-8", "replace")
    coding = chance.choice(
        ("utf-16", "utf-16-be", "utf-32", "latin-1", "cp1252", "utf-8-sig", "utf-7")
    )
    return plain.encode(coding, "replace")  # fmt: skip


CHANGES = (
    _cut, _insert, _insert, _insert, _repeat, _swap_lines, _indent, _other_value, _other_value,
    _misspell, _byte, _splice, _encode, _other_node, _other_node, _other_node,
)  # fmt: skip


def extreme(chance: random.Random) -> bytes:
    """Return a file built to take much time or memory."""
    size = chance.choice((1_000, 30_000, 1_040_000))
    few = min(size, 60_000)
    text = chance.choice(
        (
            lambda: "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [{f'*b{n - 1}, ' * 9 if n else '*a'}]\n" for n in range(12)),
            lambda: "a: &a {b: *a}\n",
            lambda: "name: a\nquery: " + "[" * few + "]" * few,
            lambda: "name: a\nquery: " + "{a: " * few,
            lambda: "name: a\nquery:\n" + "".join(" " * n + "a:\n" for n in range(400)),
            lambda: "name: a\nquery: x\noutput:" + "".join("\n" + " " * n + "a:" for n in range(1, 101)) + " text",
            lambda: "name: a\nquery: " + "x" * size,
            lambda: "name: a\nquery: " + "x" * 10_500_000,
            lambda: "name: a\nquery: '" + "{{ item.a }}" * (size // 12) + "'",
            lambda: "name: a\nquery: '{{ " + "(" * few + "1" + ")" * few + " }}'",
            lambda: "name: a\nquery: '{{ " + "a." * few + "b }}'",
            lambda: "name: a\nquery: '{{ " + "not " * few + "a }}'",
            lambda: "name: a\nquery: '{% for a in b %}" + "{% if a %}" * (few // 10) + "'",
            lambda: "name: a\nquery: x\n" + "".join(f"key{n}: x\n" for n in range(size // 12)),
            lambda: "name: a\nquery: x\nitems: [" + "a, " * (size // 3) + "a]",
            lambda: "name: a\nquery: x\nvars: {" + "".join(f"v{n}: {n}, " for n in range(size // 12)) + "}",
            lambda: "name: a\nquery: x\noutput: {" + "".join(f"f{n}: integer, " for n in range(size // 15)) + "}",
            lambda: "name: a\nquery: x\noutput: " + "{type: object, properties: {a: " * (few // 30) + "{}" + "}}" * (few // 30),
            lambda: "name: a\nsteps:\n" + "".join(f"  - {{id: s{n}, query: '{{{{ steps.s{n + 1}.output }}}}'}}\n" for n in range(few // 50)),
            lambda: "name: a\nquery: x\nsource_policy: {include_domains: [" + "a.org, " * (size // 7) + "]}",
            lambda: "name: a\nquery: x\ndocuments: [" + '"**/**/**/*", ' * 300 + "]\nprovider: local",
            lambda: "'" * few,
            lambda: "? " * few,
            lambda: "- " * few,
            lambda: "&a " * few,
            lambda: "!" * few,
            lambda: "#" * size,
            lambda: "\n" * size,
            lambda: "a: |\n" + " x\n" * (size // 3),
            lambda: "name: a\nquery: api_key=" + "token=" * (few // 6),
            lambda: "\x00" * size,
            lambda: "name: a\nquery: x\nresults: " + "a/" * (size // 2) + "x.csv",
            lambda: "name: a\nsteps:\n" + "".join(f"  - {{id: s{n}, query: x, follows: s{n + 1}}}\n" for n in range(few // 20)),
            lambda: "name: a\ninput: {a: " + "a" * 60 + "!}\ninput_schema: {type: object, properties: {a: {pattern: (a+)+$}}}",
            lambda: "name: a\nquery: |\n" + "  {{ a | uper }}\n" * (few // 17),
            lambda: "name: a\nquery: x\noutput: {a: b, " + "c d, " * (few // 5) + "}",
            lambda: "name: a\nquery: x\noutput: {$schema: 'http://127.0.0.1:9/x', type: object, properties: {a: {type: string}}}",
        )
    )()  # fmt: skip
    if chance.random() < 0.1:
        return chance.randbytes(size)
    return text.encode()
