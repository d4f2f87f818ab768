#!/usr/bin/env python3
"""See run.sh."""
import html.parser
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.join(ROOT, "tests"))
sys.path.insert(0, HERE)
import browser as chromium # noqa: E402
import finwait # noqa: E402

HOSTILE = """// </pre></script><script>window.taken = 1</script><img src=x onerror="window.taken = 1"> ]]> <!-- &lt;
0 `printf '</pre><script>window.taken = 1</script>\\033[31m\\377\\n'`
+0 `printf '<svg onload=window.taken=1>'; exit 3 # "'"`
"""
VOID = {"meta", "link", "input", "img", "br"}


class Structure(html.parser.HTMLParser):
    """Every element is closed, in order; elements and attributes by name."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.names, self.ids = [], [], {}, []

    def handle_starttag(self, tag, attrs):
        self.names[tag] = self.names.get(tag, 0) + 1
        self.ids += [value for name, value in attrs if name == "id"]
        self.wrong += [f"{tag} {name}" for name, _ in attrs if name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> at {self.getpos()}")


def make(binary, work):
    """A page of runs of all kinds; its path."""
    page, hostile = os.path.join(work, "page.html"), os.path.join(work, "<b onclick=x>&\"'\xe9.pkt")
    gone = os.path.join(work, "gone.pkt")
    with open(hostile, "w", encoding="utf-8") as f:
        f.write(HOSTILE)
    with open(gone, "w", encoding="utf-8") as f:
        f.write(f"0 `rm {gone}`\n")
    failing = [f"tests/suite/ladder/{name}.pkt" for name in ("differs", "missing", "extra", "command")]
    passing = [f"scripts/close/{name}.pkt" for name in
               ("active-close", "simultaneous-close", "time-wait-ends", "fin-retransmitted")]
    broken = os.path.join(work, "broken.pkt")
    with open(broken, "w", encoding="utf-8") as f:
        f.write("0 listten(3, 1) = 0\n")
    subprocess.run([binary, "run", "-q", f"--html={page}", "--keep-tmp", "--ip_version=ipv4", *failing, *passing, hostile,
                    gone, broken], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=False, timeout=120)
    return page


def check_text(tap, page):
    with open(page, encoding="utf-8") as f:
        text = f.read()
    structure = Structure()
    structure.feed(text)
    structure.close()
    tap.result(not structure.wrong and not structure.open, "every element is closed, none has a handler",
               f"{structure.wrong} {structure.open}")
    tap.result(structure.names.get("script") == 1 and "img" not in structure.names, "what scripts say is no markup",
               str(structure.names))
    tap.result(len(structure.ids) == len(set(structure.ids)), "ids are unique")
    tap.result(not re.search(r"https?://|url\(|@import|\bsrc=\"", text), "nothing is loaded from elsewhere")
    tap.result(not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", text), "no control characters")
    tap.result("It is not shown: No such file" in text, "a script that is gone is missed with a word")
    tap.result("did you mean" in text, "what is wrong with a bad script is told")


SHOWN = "return Array.from(document.querySelectorAll('.runs>li')).filter(li => li.offsetHeight > 0).length"


def check_filter(tap, b, n):
    b.type("#search", "fin-retransmitted")
    tap.result(b.run(SHOWN) == 1 and b.run("return shown.textContent") == f"1 of {n} runs shown", "the search")
    b.click("button[type=reset]")
    tap.result(b.run("return new Promise(done => setTimeout(done, 100))") is None and b.run(SHOWN) == n, "all again")
    b.click("input[value=pass]")
    left = b.run("return Array.from(document.querySelectorAll('.runs>li')).filter(li => li.offsetHeight > 0)"
                 ".map(li => li.dataset.v)")
    tap.result(left and "pass" not in left, "a verdict is left out", str(left))
    b.click("input[value=pass]")


def check_run(tap, b):
    b.run("Array.from(document.querySelectorAll('nav a')).find(a => a.textContent.includes('differs')).focus()")
    b.type("nav a:focus", chromium.ENTER)
    b.wait("const run = location.hash && document.querySelector(location.hash); return run && run.open && "
           "run.getBoundingClientRect().top < 100")
    state = """const run = document.querySelector(location.hash), svg = run.querySelector("svg.ladder");
        return {open: run.open, verdict: run.querySelector(".v").textContent, svg: svg.getBoundingClientRect().width,
                said: svg.textContent, script: run.textContent, top: run.getBoundingClientRect().top}"""
    run = b.run(state)
    tap.result(run["open"] and run["verdict"] == "fail" and -1 <= run["top"] < 100, "a link opens its failure", str(run))
    tap.result(run["svg"] > 500 and "FAILED:" in run["said"] and "IPPROTO_TCP" in run["said"], "with its picture", str(run))
    tap.result("The script" in run["script"] and re.search(r"\d\.\d{6} XX", run["script"]), "its script, and its trace",
               run["script"])


def check_keyboard(tap, b):
    b.open(b.run("return location.href.split('#')[0]"))
    b.type(".runs>li summary", chromium.ENTER)
    tap.result(b.run("return document.querySelector('.runs details').open"), "Enter opens a run")
    b.type("#next", chromium.ENTER)
    at = "return document.activeElement.closest('li').className"
    tap.result(b.run(at) == "bad", "the next failure is found by keyboard")
    b.run("document.querySelector('.runs details[open] .wide').focus()")
    tap.result(b.run("return getComputedStyle(document.activeElement).outlineStyle") != "none", "and the focus is seen")


def check_looks(tap, b, pictures):
    """Light, dark, and as narrow as a telephone."""
    seen = {}
    for scheme in ("light", "dark"):
        b.scheme(scheme)
        seen[scheme] = b.run("""return [document.body, document.querySelector('svg.ladder .g'),
            document.querySelector('svg.ladder text')].map(e => { const s = getComputedStyle(e);
            return e == document.body ? s.backgroundColor : s.fill; })""")
        b.size(1400, 1000)
        if pictures:
            b.picture(os.path.join(pictures, f"page-{scheme}.png"))
    light, dark = seen["light"], seen["dark"]
    tap.result(all(a != c for a, c in zip(light, dark)) and light[0] == light[1] and dark[0] == dark[1],
               "light and dark", str(seen))
    b.size(400, 800)
    width = b.run("return document.documentElement.scrollWidth")
    tap.result(width <= 400, "400 pixels are enough", str(width))
    if pictures:
        b.picture(os.path.join(pictures, "page-400.png"))


def check_browser(tap, page):
    try:
        b = chromium.Browser()
    except (OSError, RuntimeError) as e:
        tap.skip("in a browser", f"Chromium does not start here: {str(e).splitlines()[0]}")
        return
    try:
        b.size(1400, 1000)
        b.open("file://" + page)
        n = b.run("return document.querySelectorAll('.runs>li').length")
        tap.result(n == 11, "all runs are there", str(n))
        tap.result(b.run("return window.taken === undefined"), "nothing of the scripts was run")
        tap.result(b.run("return performance.getEntriesByType('resource').length") == 0, "nothing was loaded")
        check_filter(tap, b, n)
        check_run(tap, b)
        check_looks(tap, b, os.environ.get("FINWAIT_PICTURES"))
        check_keyboard(tap, b)
        tap.result(not b.complaints(), "the browser has nothing to say", str(b.complaints()))
    finally:
        b.close()


def main():
    tap = finwait.Tap()
    binary = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="finwait-page.") as work:
        os.chmod(work, 0o755)
        page = make(binary, work)
        check_text(tap, page)
        why = chromium.lacks()
        if why:
            tap.skip("in a browser", why)
        else:
            check_browser(tap, page)
    tap.done()
    sys.exit(tap.failed > 0)


main()
