"""One line a call, and the count."""


class Report:
    """Compares results with what they must be. `outcome` calls a function and turns what it raises into a value."""

    def __init__(self, outcome):
        self.outcome = outcome
        self.passed = 0
        self.failed = 0
        self.prefix = ""

    def compare(self, name, expected, actual):
        if actual == expected and type(actual) is type(expected):
            self.passed += 1
            print(f"ok   {self.prefix} {name}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL {self.prefix} {name}: expected {expected!r}, got {actual!r}", flush=True)

    def call(self, name, expected, function, *arguments, **options):
        """The result of a call, or what its refusal is turned into."""
        self.compare(name, expected, self.outcome(function, *arguments, **options))

    def finish(self):
        """Prints the count; the exit code."""
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0
