#!/usr/bin/env python3
"""Independent checker: what was sent, what was acknowledged, what is stored.

    check_entries.py ENTRIES.ndjson JOURNAL.ndjson EXPORT.ndjson

It shares no code with the project: the rules of the form are written here a second time. From the journal of the
driver it takes what was acknowledged, from the export what is stored, and prints one JSON line with five counts:

    failed      lines of the entries file without a final answer
    missing     acknowledged, and not in the table
    twice       rows too many for one person or one submission id
    mismatched  rows whose fields are not what was sent, normalised
    phantom     rows that nobody sent, or whose every answer was a refusal

Each finding is a line on stderr with line numbers and submission ids, never with what a person wrote. Exit code 0
only if all five are 0, 1 if not, 2 if a file cannot be read or contradicts itself.

Python 3.8 or later, standard library only. The formats are described in README.md beside this file.
"""

import json
import sys
import unicodedata
from collections import defaultdict

# ---- the campaign `double11`, as this checker understands it -----------------------------------------------------

UNIQUE = "email"
CONSENT = "terms"
HONEYPOT = "website"
MULTI_LINE = {"comment"}
HIDDEN = {"utm_source", "utm_campaign"}  # stored, but no part of what makes a payload the same payload
FIELDS = {"name", "email", "phone", "country", "born", "size", "comment", "terms", "utm_source", "utm_campaign"}

# Bidi embeddings, overrides and isolates; LRM, RLM, ZWJ and ZWNJ stay.
BIDI = set(range(0x202A, 0x202F)) | set(range(0x2066, 0x206A))

# Default_Ignorable_Code_Point, DerivedCoreProperties.txt.
IGNORABLE = [
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
]  # fmt: skip


class Unusable(Exception):
    """A file cannot be read, or contradicts itself."""


def ignorable(char):
    return any(low <= ord(char) <= high for low, high in IGNORABLE)


def normalise(text, multi_line=False):
    """NFC; outer white space trimmed; controls and bidi controls removed, line feeds kept in multi-line text."""
    text = unicodedata.normalize("NFC", text).strip()
    if multi_line:
        text = text.replace("\r\n", "\n")
    kept = [
        char
        for char in text
        if ord(char) not in BIDI and (unicodedata.category(char) != "Cc" or (multi_line and char == "\n"))
    ]
    # What the removal laid bare at the ends goes too, so that the stored form is its own normal form.
    return unicodedata.normalize("NFC", "".join(kept)).strip()


def blank(text):
    return all(char.isspace() or ignorable(char) for char in text)


def domain_to_ascii(domain):
    """The ASCII form of a domain, lower case.

    An ASCII domain is lower-cased. Other labels: compatibility form (NFKC), every character lower-cased by itself,
    then Punycode behind `xn--`. That is UTS 46 without its transitional mappings (sharp s, final sigma and the
    joiners stay), which Python's own IDNA 2003 codec would apply. Characters that UTS 46 maps otherwise or refuses
    are not handled here; the entries file holds none.
    """
    folded = "".join(char.lower() for char in unicodedata.normalize("NFKC", domain))
    labels = unicodedata.normalize("NFC", folded).replace("\u3002", ".").split(".")
    return ".".join(label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii") for label in labels)


def person(email):
    """What makes two e-mail addresses the same person."""
    local, at, domain = normalise(email).rpartition("@")
    return local.lower() + at + domain_to_ascii(domain)


def unique_members(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a repeated member name")
    return found


class Sent:
    """One line of the entries file, and what it would be in the table."""

    def __init__(self, number, line):
        self.number = number
        self.key = line.get("idempotency_key")
        body = line.get("body")
        if "raw" in line:
            try:
                body = json.loads(line["raw"], object_pairs_hook=unique_members)
            except (ValueError, RecursionError):
                body = None
        self.trapped = False
        self.fields = None
        self.person = None
        if isinstance(body, dict):
            self._read(body)

    def _read(self, body):
        trap = body.get(HONEYPOT)
        self.trapped = trap is not None and not (isinstance(trap, str) and blank(trap))
        if any(value is not None and not isinstance(value, str) for name, value in body.items() if name != HONEYPOT):
            return
        if set(body) - FIELDS - {HONEYPOT}:
            return
        fields = {}
        for name in FIELDS & set(body):
            text = normalise(body[name] or "", name in MULTI_LINE)
            if not blank(text):
                fields[name] = text
        if UNIQUE in fields:
            self.fields = fields
            self.person = person(fields[UNIQUE])


def payload(fields):
    """What a repeat must have in common with the first: all but the hidden fields."""
    return {name: value for name, value in fields.items() if name not in HIDDEN}


# ---- reading -----------------------------------------------------------------------------------------------------


def read_lines(path):
    """(line number, JSON object) of every line that is not blank."""
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except ValueError as error:
                raise Unusable(f"{path}:{number}: not JSON: {error}") from error
            if not isinstance(value, dict):
                raise Unusable(f"{path}:{number}: not a JSON object")
            yield number, value


def read_entries(path):
    return {number: Sent(number, line) for number, line in read_lines(path)}


def final(answer):
    """Whether the page stops here: any answer that a repeat would not change."""
    status = answer.get("status")
    return status is not None and status < 500 and status not in (408, 429)


def acknowledged(sent, answer):
    """201, 200, or 202 with a receipt; a trapped bot is told 202 too, and is not stored."""
    status = answer.get("status")
    return status in (200, 201) or (status == 202 and bool(answer.get("receipt")) and not sent.trapped)


class Journal:
    """The driver's journal: for each line the last answer, None if it was sent and never answered."""

    def __init__(self, path, entries):
        self.last = {}
        sent = {}
        for number, record in read_lines(path):
            line, attempt = record.get("line"), record.get("attempt")
            if line not in entries:
                raise Unusable(f"{path}:{number}: line {line} is not in the entries file")
            if record.get("key") != entries[line].key:
                raise Unusable(f"{path}:{number}: line {line} has another key in the entries file")
            if record.get("sent"):
                if attempt != sent.get(line, 0) + 1:
                    raise Unusable(f"{path}:{number}: line {line} goes from attempt {sent.get(line, 0)} to {attempt}")
                if line in self.last and self.last[line] is not None and final(self.last[line]):
                    raise Unusable(f"{path}:{number}: line {line} is sent again after a final answer")
                sent[line] = attempt
                self.last[line] = None
            elif "status" in record or "error" in record:
                if attempt != sent.get(line) or self.last[line] is not None:
                    raise Unusable(f"{path}:{number}: line {line}, attempt {attempt} was answered but not sent")
                self.last[line] = record
            else:
                raise Unusable(f"{path}:{number}: neither sent nor answered")

    def attempted(self, line):
        return line in self.last

    def answer(self, line):
        return self.last.get(line) or {}


class Row:
    """One line of the export."""

    def __init__(self, path, number, value):
        self.number = number
        try:
            self.key = value["key"]
            self.submission = value["submission"]
            self.fields = dict(value["fields"])
            self.fields.setdefault(CONSENT, value["terms"])
        except (KeyError, TypeError, ValueError) as error:
            raise Unusable(f"{path}:{number}: not an exported row: {error!r}") from error
        self.person = person(self.fields.get(UNIQUE, ""))
        if self.fields[CONSENT] != value["terms"]:
            raise Unusable(f"{path}:{number}: two versions of the terms in one row")


def read_export(path):
    return [Row(path, number, value) for number, value in read_lines(path)]


# ---- the proof ---------------------------------------------------------------------------------------------------


def check(entries, journal, rows, say=lambda text: None):
    """The five counts."""
    counts = {"failed": 0, "missing": 0, "twice": 0, "mismatched": 0, "phantom": 0}

    def found(kind, text):
        counts[kind] += 1
        say(f"{kind}: {text}")

    by_person = defaultdict(list)
    by_submission = defaultdict(list)
    by_key = defaultdict(list)
    for row in rows:
        by_person[row.person].append(row)
        by_submission[row.submission].append(row)
        by_key[row.key].append(row)

    attempted = [sent for line, sent in entries.items() if journal.attempted(line)]
    owners = defaultdict(list)
    persons_of_key = defaultdict(set)
    for sent in attempted:
        if sent.fields is not None and not sent.trapped:
            owners[sent.key, sent.person].append(sent)
            persons_of_key[sent.key].add(sent.person)

    # Twice: one row a person, and one row for each person that a submission id was sent for.
    extra = {}
    for group in by_person.values():
        extra.update((id(row), row) for row in group[1:])
    for group in by_key.values():
        extra.update((id(row), row) for row in group[1:])
    for submission, group in by_submission.items():
        extra.update((id(row), row) for row in group[max(1, len(persons_of_key[submission])) :])
    for row in extra.values():
        found("twice", f"export line {row.number}, submission {row.submission}")

    # Every row: sent by somebody, acknowledged or left open, and exactly what was sent.
    wrong = set()
    for row in rows:
        senders = owners[row.submission, row.person]
        if not senders:
            found("phantom", f"export line {row.number}, submission {row.submission}: nobody sent it")
        elif all(
            final(journal.answer(sent.number)) and not acknowledged(sent, journal.answer(sent.number))
            for sent in senders
        ):
            found("phantom", f"export line {row.number}, submission {row.submission}: every answer was a refusal")
        elif all(sent.fields != row.fields for sent in senders):
            wrong.add(row.number)
            found("mismatched", f"export line {row.number}, submission {row.submission}: not what was sent")

    # Every line: answered, and what was acknowledged is there.
    for line, sent in entries.items():
        answer = journal.answer(line)
        if not final(answer):
            found("failed", f"line {line}: no final answer")
            continue
        if not acknowledged(sent, answer):
            continue
        if sent.fields is None:
            found("mismatched", f"line {line}: acknowledged, though it cannot be stored")
            continue
        own = [row for row in by_submission[sent.key] if row.person == sent.person]
        # Told 202 with a receipt, the page cannot know whether the person was there before; somebody must be.
        if not own and not (answer["status"] == 202 and by_person[sent.person]):
            found("missing", f"line {line}, submission {sent.key}: acknowledged and not stored")
        for row in own:
            if payload(row.fields) != payload(sent.fields) and row.number not in wrong:
                wrong.add(row.number)
                found("mismatched", f"line {line}, submission {sent.key}: acknowledged and stored otherwise")
    return counts


def main(arguments):
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        entries = read_entries(arguments[0])
        journal = Journal(arguments[1], entries)
        rows = read_export(arguments[2])
    except (OSError, Unusable) as error:
        print(f"check_entries: {error}", file=sys.stderr)
        return 2
    counts = check(entries, journal, rows, lambda text: print(text, file=sys.stderr))
    print(json.dumps({"lines": len(entries), "rows": len(rows), **counts}))
    return 1 if any(counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
