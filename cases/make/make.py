#!/usr/bin/env python3
"""Writes the evidence, expectations and origins under cases/.

    python3 cases/make/make.py [slug or slug/case ...]
    python3 cases/make/make.py --check     # writes nothing; names every file that differs

The same input gives the same bytes: change a story, run this, and read the difference. Golden files
(`events.txt`, `report.txt`) belong to the test harness and are left alone.
"""

import json
import shutil
import sys
from pathlib import Path

import capacity  # noqa: F401  (the imports register the stories)
import change  # noqa: F401
import client  # noqa: F401
import connect  # noqa: F401
import draining  # noqa: F401
import egress  # noqa: F401
import functions  # noqa: F401
import handshakes  # noqa: F401
import limits  # noqa: F401
import network  # noqa: F401
import process  # noqa: F401
import refusals  # noqa: F401
import release  # noqa: F401
import response  # noqa: F401
import reuse  # noqa: F401
import routing  # noqa: F401
import secure  # noqa: F401
import silence  # noqa: F401
import starting  # noqa: F401
import waiting  # noqa: F401
import workers  # noqa: F401
from core import CASES, Evidence
from pages import PAGES

ROOT = Path(__file__).resolve().parent.parent


def written(folder, evidence, expect):
    """One case's files, evidence and expectation, by their paths."""
    files = {}
    for name, records in evidence.files.items():
        records.sort(key=lambda record: record[:2])
        if name in evidence.arrays:
            # The form of `gcloud logging read --format=json`: one array, newest first.
            entries = [json.loads(text) for _, _, text in reversed(records)]
            text = json.dumps(entries, indent=2, ensure_ascii=False) + "\n"
        else:
            text = "".join(text + "\n" for _, _, text in records)
        files[folder / "evidence" / name] = text
    files[folder / "expect"] = expect.strip() + "\n"
    return files


def write(folder, files):
    """Writes one case's files; what else its evidence held goes."""
    if (folder / "evidence").exists():
        shutil.rmtree(folder / "evidence")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def differing(folder, files):
    """The files of a case that are not as they would be written, or would not be written at all."""
    there = {path for path in (folder / "evidence").rglob("*") if path.is_file()}
    return sorted([path for path in there if path not in files] + [path for path, text in files.items() if differs(path, text)])


def differs(path, text):
    """Whether a file does not hold this text."""
    return not path.exists() or path.read_text(encoding="utf-8") != text


def origin(slug, told):
    """The text of origin.md: every case, what happened in it, and what its files were made after."""
    text = [
        f"# Where the evidence for `{slug}` comes from",
        "",
        "Made by hand with the stories in `cases/make/`, after the formats that the vendors document; "
        "no line was copied from anybody's system. Host names and addresses are from the ranges reserved for "
        "documentation or for private networks.",
    ]
    for name, evidence, what in told:
        text += ["", f"## {name}", "", what, ""]
        groups = {}
        for file in sorted(evidence.files):
            sources = "; ".join(PAGES[dialect] for dialect in evidence.made_after[file])
            groups.setdefault(sources, []).append(file)
        for sources, files in groups.items():
            more = f" and {len(files) - 1} more of its kind" if len(files) > 1 else ""
            text.append(f"- `{files[0]}`{more}: {sources}.")
    return "\n".join(text) + "\n"


def others(path, names):
    """Sections of an origin.md that are about evidence these stories did not make."""
    if not path.exists():
        return ""
    sections = path.read_text(encoding="utf-8").split("\n## ")[1:]
    kept = [one.rstrip("\n") for one in sections if one.split("\n")[0].strip() not in names
            and (path.parent / one.split("\n")[0].strip()).is_dir()]
    return "".join(f"\n## {one}\n" for one in kept)


def main(wanted):
    """Writes all cases, or those named; or says which files differ."""
    check = wanted == ["--check"]
    wanted = [] if check else wanted
    told, wrong = {}, []
    for slug, name, expect, story in CASES:
        evidence = Evidence(f"{slug}/{name}")
        story(evidence)
        told.setdefault(slug, []).append((name, evidence, " ".join(story.__doc__.split())))
        if not wanted or slug in wanted or f"{slug}/{name}" in wanted:
            files = written(ROOT / slug / name, evidence, expect)
            if check:
                wrong += differing(ROOT / slug / name, files)
            else:
                write(ROOT / slug / name, files)
    for slug, cases in told.items():
        if wanted and not any(one.split("/")[0] == slug for one in wanted):
            continue
        cases.sort(key=lambda one: ("fires quiet blind".split().index(one[0].split("-")[0]), one[0]))
        path = ROOT / slug / "origin.md"
        kept = others(path, {name for name, _, _ in cases})
        told_by = origin(slug, cases)
        if kept:
            told_by = told_by.replace("Made by hand", "Where a section does not say that it was captured: made by hand", 1)
        if not check:
            path.write_text(told_by + kept, encoding="utf-8")
        elif differs(path, told_by + kept):
            wrong.append(path)
    for path in wrong:
        print(f"{path.relative_to(ROOT)} is not what its story writes")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
