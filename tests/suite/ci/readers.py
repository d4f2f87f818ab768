"""What CI makes of finwait's output, done as its readers do it.

    readers.py matcher MATCHERS OUTPUT     GitHub's problem matchers: "SEVERITY FILE LINE COLUMN MESSAGE" a match
    readers.py nipa LOG                    netdev's CI: "RESULT NAME SECONDS" for each nested test, and what fails the whole
    readers.py kcidb SCHEMA REPORT         against a schema; then "STATUS PATH" for each test
    readers.py lava OUTPUT                 LAVA: "RESULT NAME"
    readers.py junit FILE                  "NAME FILE LINE" for each case, and the totals
"""

import json
import re
import sys
import xml.etree.ElementTree


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def matcher(matchers, output):
    # The first matcher that fits takes the line, as the runner does.
    rules = json.loads(read(matchers))["problemMatcher"]
    for rule in rules:
        assert set(rule) <= {"owner", "severity", "pattern"} and rule["owner"], rule
        assert rule.get("severity", "error") in ("error", "warning", "notice")
        for key in rule["pattern"][0]:
            assert key in ("regexp", "file", "line", "column", "severity", "code", "message"), key
    assert len({rule["owner"] for rule in rules}) == len(rules)
    for line in read(output).splitlines():
        for rule in rules:
            (pattern,) = rule["pattern"]
            found = re.search(pattern["regexp"], line)
            if not found:
                continue
            part = lambda key: found.group(pattern[key]) if key in pattern else "-"
            severity = rule.get("severity") or part("severity")
            print(severity, part("file"), part("line"), part("column"), part("message"))
            break


def nipa(log):
    text = read(log)
    for word in ("[FAIL]", " FAIL:", "# not ok 1", "SKIP:"):
        if word in text:
            print("the whole has", word)
    nested = False
    for line in text.splitlines():
        if not nested:
            nested = line.startswith("# TAP version ")
            continue
        if not line.startswith("# "):
            break
        found = re.match(r"^(not )?ok (\d+)( -)? ([^#]*[^ ])( +# +)?([^ ].*)?$", line[2:])
        if not found:
            continue
        said = found.group(6) or ""
        result = "fail" if found.group(1) else "skip" if said.lower().startswith("skip") else "pass"
        times = re.findall(r"time=(\d+)ms", said.lower())
        print(result, found.group(4), int(times[-1]) / 1000 if times else "-")


def fits(schema, value, where, root):
    """As much of JSON schema as ours needs: what is wrong."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].split("/")[-1]]
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float)}
    if "type" in schema and (not isinstance(value, kinds[schema["type"]]) or isinstance(value, bool)):
        return [f"{where}: no {schema['type']}"]
    wrong = []
    if "enum" in schema and value not in schema["enum"]:
        wrong.append(f"{where}: {value!r} is none of {schema['enum']}")
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            wrong.append(f"{where}: {value!r} is not {schema['pattern']}")
        if len(value) > schema.get("maxLength", len(value)):
            wrong.append(f"{where}: {len(value)} characters")
    if isinstance(value, (int, float)) and value < schema.get("minimum", value):
        wrong.append(f"{where}: {value} is too small")
    if isinstance(value, list):
        for i, item in enumerate(value):
            wrong += fits(schema.get("items", {}), item, f"{where}[{i}]", root)
    if isinstance(value, dict):
        known = schema.get("properties", {})
        wrong += [f"{where}: no {key}" for key in schema.get("required", []) if key not in value]
        for key, item in value.items():
            if key in known:
                wrong += fits(known[key], item, f"{where}.{key}", root)
            elif schema.get("additionalProperties") is False:
                wrong.append(f"{where}: {key} is not known")
    return wrong


def kcidb(schema, report):
    rules, data = json.loads(read(schema)), json.loads(read(report))
    wrong = fits(rules, data, "report", rules)
    # A schema that takes everything tests nothing.
    for bad in ({"id": "x"}, {"path": "a/b"}, {"status": "pass"}, {"log_excerpt": "x" * 16385}, {"start_time": "now"}):
        other = {**data, "tests": [{**data["tests"][0], **bad}]}
        assert fits(rules, other, "report", rules), bad
    ids = [test["id"] for test in data["tests"]]
    if len(set(ids)) != len(ids):
        wrong.append("two tests have one id")
    if wrong:
        sys.exit("\n".join(wrong))
    for test in data["tests"]:
        print(test["status"], test["path"])


def lava(output):
    for line in read(output).splitlines():
        found = re.fullmatch(r"([^/()\[\]\s]+) (pass|fail|skip)", line)
        if not found:
            sys.exit(f"no case: {line}")
        print(found.group(2), found.group(1))


def junit(path):
    root = xml.etree.ElementTree.parse(path).getroot()
    cases = list(root.iter("testcase"))
    for case in cases:
        print(case.get("name"), case.get("file"), case.get("line", "-"), *(child.tag for child in case))
    for key, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        assert int(root.get(key)) == len(list(root.iter(tag))), key
    print(root.get("tests"), root.get("failures"), root.get("errors"))


if __name__ == "__main__":
    {"matcher": matcher, "nipa": nipa, "kcidb": kcidb, "lava": lava, "junit": junit}[sys.argv[1]](*sys.argv[2:])
