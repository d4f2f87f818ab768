"""What the checks written in Python share: playing scripts and reading what came of it, and TAP."""
import json
import os
import subprocess
import tempfile


ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Played:
    """Exit status, output, and one dict a run (runtime/record/record.h: path, mode, verdict, records, ...)."""

    def __init__(self, status, output, runs):
        self.status, self.output, self.runs = status, output, runs


def play(binary, paths, *options, timeout=600, cwd=None):
    """One finwait, many scripts. Hanging counts as status None."""
    handle, path = tempfile.mkstemp(prefix="finwait-", suffix=".json")
    os.close(handle)
    try:
        process = subprocess.run([os.path.abspath(binary), "--json", path, *options, *paths], cwd=cwd,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 timeout=timeout)
        status, output = process.returncode, process.stdout
    except subprocess.TimeoutExpired as e:
        status, output = None, e.stdout or b""
    runs = []
    with open(path, encoding="utf-8") as f:
        for line in f:
            try:
                runs.append(json.loads(line))
            except ValueError:
                break
    os.unlink(path)
    return Played(status, output.decode(errors="replace"), [r for r in runs if "verdict" in r])


def failed_line(run):
    """The script's line at which a run failed; None if it did not, or nowhere."""
    index = run.get("failed_record", -1)
    records = run.get("records") or []
    return records[index].get("line") if 0 <= index < len(records) else None


def scripts_in(folder):
    """All scripts below, by their path from the root."""
    return sorted(os.path.relpath(os.path.join(here, name), ROOT)
                  for here, _, names in os.walk(folder) for name in names if name.endswith(".pkt"))


class Tap:
    """Prints results as they come; run-checks adds them up."""

    def __init__(self):
        self.count = self.failed = 0

    def _line(self, good, name, comment=""):
        self.count += 1
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}{comment}", flush=True)

    def result(self, good, name, detail=""):
        self._line(good, name)
        if not good:
            self.failed += 1
            for line in detail.rstrip().splitlines():
                print("# " + line)
        return good

    def skip(self, name, reason):
        self._line(True, name, f" # SKIP {reason}")

    def done(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0
