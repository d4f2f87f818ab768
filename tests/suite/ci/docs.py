"""What docs/ci.md shows, tried as far as it can be without the services: YAML and TOML are parsed, and what they run is run.

    docs.py DOC parse                      every block
    docs.py DOC github|gitlab|kubernetes   that file's shell commands, for each shard, as one script on standard output
"""

import re
import sys

import yaml

try:
    import tomllib
except ImportError: # Python before 3.11
    tomllib = None

SHARDS = 3


def blocks(text):
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.S | re.M)


def which(found, key):
    for kind, text in found:
        if kind == "yaml":
            data = yaml.safe_load(text)
            if isinstance(data, dict) and key in data:
                return data
    sys.exit(f"no YAML with {key}")


def github(found):
    jobs = which(found, "jobs")["jobs"]
    assert jobs["play"]["strategy"]["matrix"]["shard"] == list(range(1, SHARDS + 1))
    for shard in range(1, SHARDS + 1):
        for step in jobs["play"]["steps"]:
            if "sudo" not in step.get("run", "sudo"): # it changes the machine
                print(step["run"].replace("${{ matrix.shard }}", str(shard)))
    for step in jobs["report"]["steps"]:
        print(step.get("run", ""))


def gitlab(found):
    jobs = which(found, "play")
    print("export CI_NODE_TOTAL=", jobs["play"]["parallel"], sep="")
    for shard in range(1, jobs["play"]["parallel"] + 1):
        print(f"CI_NODE_INDEX={shard}", *jobs["play"]["script"], sep="\n")
    print(*jobs["report"]["script"], sep="\n")


def kubernetes(found):
    job = which(found, "kind")["spec"]
    (container,) = job["template"]["spec"]["containers"]
    names = {volume["name"] for volume in job["template"]["spec"]["volumes"]}
    assert names == {mount["name"] for mount in container["volumeMounts"]}
    for index in range(job["completions"]):
        print(f"JOB_COMPLETION_INDEX={index}", container["args"][0].replace("/results", "results"), sep="\n")
    print("finwait merge -q results/shard-*.jsonl")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        text = file.read()
    found = blocks(text)
    if sys.argv[2] == "parse":
        assert len(found) >= 9, found
        for kind, block in found:
            if kind == "yaml":
                assert yaml.safe_load(block)
            elif kind == "toml" and tomllib:
                assert tomllib.loads(block)
    else:
        {"github": github, "gitlab": gitlab, "kubernetes": kubernetes}[sys.argv[2]](found)


main()
