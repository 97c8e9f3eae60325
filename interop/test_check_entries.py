"""The checker is checked by mutation: a good run is spoilt in one place, and the right count must rise.

    python3 -m unittest discover -s interop
"""

import copy
import io
import json
import os
import sys
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check_entries  # noqa: E402

TERMS = "tc-2026-11-01"


def body(email, **more):
    return {"name": "Ada", "email": email, "country": "GB", "born": "1990-01-01", "size": "M", "terms": TERMS, **more}


def entry(number, key, fields):
    return {"line": number, "idempotency_key": key, "body": fields}


def row(key, submission, fields):
    return {"key": key, "submission": submission, "received": "2026-11-01T00:00:00Z", "terms": TERMS, "fields": fields}


class Run:
    """A good run: nine lines, four rows."""

    def __init__(self):
        first = body(" Ada@Example.com ", comment="one\r\ntwo\u202e", phone=" ", utm_source="tv")
        self.entries = [
            entry(1, "key-00000001", first),
            entry(2, "key-00000002", body("b@example.com")),
            entry(3, "key-00000003", body("ADA@example.com")),  # a duplicate of line 1
            entry(4, "key-00000001", {**first, "utm_source": "weibo"}),  # a repeat; hidden fields do not count
            entry(5, "key-00000001", {**first, "comment": "other"}),  # the key for another payload
            entry(6, "key-00000006", body("bot@example.com", website="https://spam.example")),
            {"line": 7, "idempotency_key": "key-00000007", "raw": "[]"},
            entry(8, "key-00000008", body("eve@b\u00fccher.example", name="Cafe\u0301")),
            entry(9, "key-00000002", body("c@b\u00fccher.example")),  # a known key with another person: a new entry
        ]
        self.statuses = [201, 201, 409, 200, 422, 202, 400, 201, 201]
        self.journal = []
        for line, status in zip(self.entries, self.statuses):
            number, key = line["line"], line["idempotency_key"]
            if number == 2:  # an answer that got lost, before the one that counts
                self.journal.append({"line": 2, "attempt": 1, "key": key, "at_ms": 1, "sent": True})
                self.journal.append({"line": 2, "attempt": 1, "key": key, "at_ms": 2, "error": "reset"})
            attempt = 2 if number == 2 else 1
            self.journal.append({"line": number, "attempt": attempt, "key": key, "at_ms": 3, "sent": True})
            self.journal.append({"line": number, "attempt": attempt, "key": key, "at_ms": 4, "status": status})
        stored = {**first, "email": "Ada@Example.com", "comment": "one\ntwo"}
        del stored["phone"]
        self.export = [
            row("aa", "key-00000001", stored),
            row("bb", "key-00000002", body("b@example.com")),
            row("cc", "key-00000008", {**body("eve@b\u00fccher.example"), "name": "Caf\u00e9"}),
            row("dd", "key-00000002", body("c@b\u00fccher.example")),
        ]

    def answer(self, number):
        return [record for record in self.journal if record["line"] == number and "sent" not in record][-1]

    def check(self):
        """Exit code and counts, through the files as in real life."""
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for name in ("entries", "journal", "export"):
                path = os.path.join(folder, name)
                with open(path, "w", encoding="utf-8") as file:
                    for line in getattr(self, name):
                        file.write(json.dumps(line, ensure_ascii=False) + "\n")
                paths.append(path)
            out, err = io.StringIO(), io.StringIO()
            with redirect_stdout(out), redirect_stderr(err):
                code = check_entries.main(paths)
            self.said = err.getvalue()
            return code, json.loads(out.getvalue()) if out.getvalue() else None


class Mutations(unittest.TestCase):
    def setUp(self):
        self.run_ = Run()

    def expect(self, **counts):
        code, found = self.run_.check()
        zero = {"failed": 0, "missing": 0, "twice": 0, "mismatched": 0, "phantom": 0}
        self.assertEqual({name: found[name] for name in zero}, {**zero, **counts}, self.run_.said)
        self.assertEqual(code, 1 if counts else 0)

    def unusable(self):
        code, found = self.run_.check()
        self.assertEqual((code, found), (2, None))

    def test_a_good_run_has_five_zeros(self):
        self.expect()

    def test_a_lost_row_is_missing(self):
        del self.run_.export[2]
        self.expect(missing=1)

    def test_a_lost_row_with_a_repeat_is_missing_for_both_lines(self):
        del self.run_.export[0]
        self.expect(missing=2)

    def test_a_doubled_row_is_twice(self):
        double = copy.deepcopy(self.run_.export[1])
        double["key"] = "ee"
        self.run_.export.append(double)
        self.expect(twice=1)

    def test_a_row_under_the_same_key_is_twice(self):
        self.run_.export.append(copy.deepcopy(self.run_.export[1]))
        self.expect(twice=1)

    def test_a_person_with_two_rows_is_twice_however_the_address_is_typed(self):
        self.run_.export.append(row("ee", "key-00000003", body("ADA@example.com")))
        self.expect(twice=1, phantom=1)

    def test_a_changed_field_is_mismatched(self):
        self.run_.export[1]["fields"]["name"] = "Bob"
        self.expect(mismatched=1)

    def test_a_field_that_is_not_normalised_is_mismatched(self):
        self.run_.export[2]["fields"]["name"] = "Cafe\u0301"
        self.expect(mismatched=1)

    def test_a_lost_field_is_mismatched(self):
        del self.run_.export[0]["fields"]["comment"]
        self.expect(mismatched=1)

    def test_a_row_of_the_refused_payload_is_mismatched(self):
        self.run_.export[0]["fields"]["comment"] = "other"
        self.expect(mismatched=1)

    def test_the_hidden_field_of_another_person_is_mismatched(self):
        self.run_.export[0]["fields"]["utm_source"] = "radio"
        self.expect(mismatched=1)

    def test_other_terms_are_mismatched(self):
        self.run_.export[1]["terms"] = self.run_.export[1]["fields"]["terms"] = "tc-2020-01-01"
        self.expect(mismatched=1)

    def test_a_row_that_nobody_sent_is_a_phantom(self):
        self.run_.export.append(row("ee", "key-99999999", body("who@example.com")))
        self.expect(phantom=1)

    def test_a_row_of_a_bot_is_a_phantom(self):
        self.run_.export.append(row("ee", "key-00000006", body("bot@example.com")))
        self.expect(phantom=1)

    def test_a_row_that_was_refused_is_a_phantom(self):
        self.run_.answer(8)["status"] = 422
        self.expect(phantom=1)

    def test_a_row_whose_answer_never_came_is_no_phantom_but_failed(self):
        self.run_.journal.remove(self.run_.answer(8))
        self.expect(failed=1)

    def test_a_last_answer_of_503_is_failed(self):
        self.run_.answer(3)["status"] = 503
        self.expect(failed=1)

    def test_a_line_that_was_never_sent_is_failed(self):
        self.run_.journal = [record for record in self.run_.journal if record["line"] != 7]
        self.expect(failed=1)

    def test_an_acknowledged_text_that_is_no_entry_is_mismatched(self):
        self.run_.answer(7)["status"] = 201
        self.expect(mismatched=1)

    def test_a_receipt_for_a_person_who_is_there_is_enough_for_202(self):
        self.run_.answer(3).update(status=202, receipt="r")
        self.expect()

    def test_a_receipt_for_a_person_who_is_not_there_is_missing(self):
        self.run_.answer(8).update(status=202, receipt="r")
        del self.run_.export[2]
        self.expect(missing=1)

    def test_an_attempt_after_a_final_answer_is_refused(self):
        self.run_.journal.append({"line": 1, "attempt": 2, "key": "key-00000001", "at_ms": 5, "sent": True})
        self.unusable()

    def test_an_answer_that_was_not_sent_is_refused(self):
        self.run_.journal.append({"line": 1, "attempt": 2, "key": "key-00000001", "at_ms": 5, "status": 201})
        self.unusable()

    def test_a_journal_of_another_file_is_refused(self):
        self.run_.journal[0]["key"] = "key-77777777"
        self.unusable()

    def test_a_torn_line_is_refused(self):
        self.run_.export[0] = "not an object"
        self.unusable()


class Rules(unittest.TestCase):
    def test_text_is_normalised(self):
        cases = [
            ("  a b \u3000", False, "a b"),
            ("e\u0301", False, "\u00e9"),
            ("a\u0000b\u0085c\u007f", False, "abc"),
            ("a\r\nb\tc", True, "a\nbc"),
            ("a\nb", False, "ab"),
            ("\u202ea\u2066b\u2069", False, "ab"),
            ("\u200ea\u200db\u200c", False, "\u200ea\u200db\u200c"),
            ("\u0007 a", False, "a"),
        ]
        for text, multi_line, expected in cases:
            self.assertEqual(check_entries.normalise(text, multi_line), expected)
            self.assertEqual(check_entries.normalise(expected, multi_line), expected)

    def test_text_of_ignorable_characters_is_blank(self):
        self.assertTrue(check_entries.blank("\u200b \ufeff\u00ad\u3164"))
        self.assertFalse(check_entries.blank("\u200b."))

    def test_one_person_has_one_key(self):
        same = ["Ada@B\u00dcCHER.example", " ada@xn--bcher-kva.example ", "ADA@b\u00fccher\u3002example"]
        self.assertEqual({check_entries.person(email) for email in same}, {"ada@xn--bcher-kva.example"})
        self.assertEqual(check_entries.person("a@fu\u00df.example"), "a@xn--fu-hia.example")


if __name__ == "__main__":
    unittest.main()
