"""What both OSS packages are told by campaign-local, and how a browser asks for a page."""

import http.client
import socket
from unittest import mock
from urllib.parse import quote, urlsplit

OTHER = "interop-other"
BUCKET = "interop-site"

# Keys that two encoders could take for something else.
KEYS = [
    " ",
    "%",
    "%2F",
    "%E6%B4%BB",
    "+",
    "a b",
    "a+b",
    "a//b",
    "a/b/",
    ".hidden",
    "..a",
    "a?b=c",
    "a#b",
    "a&b",
    "a;b,c",
    "<&>\"'",
    "~-_.",
    "\u6d3b\u52a8/\u62a5\u540d \u8868.html",
    "\U00020bb7\U0001f389",
    "e\u0301",
    "\u00e9",
    "x" * 1023,
    "\u6d3b" * 341,
]

TEXT = b"the quick brown fox jumps over the lazy dog\n" * 10

NO_KEY = (404, "NoSuchKey", "The specified key does not exist.")
NO_BUCKET = (404, "NoSuchBucket", "The specified bucket does not exist.")
NOT_EMPTY = (409, "BucketNotEmpty", "The bucket you tried to delete is not empty.")
NO_WEBSITE = (404, "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration.")
FORBIDDEN_OBJECT = (403, "AccessDenied", "You have no right to access this object because of bucket acl.")
FORBIDDEN_BUCKET = (403, "AccessDenied", "Anonymous user has no right to access this bucket.")
EXISTS = (409, "FileAlreadyExists", "The object you specified already exists and can not be overwritten.")
WRONG_SECRET = (
    403,
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
)
UNKNOWN_KEY = (403, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records.")
SKEWED = (403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
NOT_EMULATED = "NotImplemented"


def names_under_localhost():
    """Every name under `localhost` is this machine, as browsers have it; not every C library knows."""
    real = socket.getaddrinfo

    def resolve(host, *arguments, **options):
        name = host.decode() if isinstance(host, bytes) else host
        return real("127.0.0.1" if name and name.endswith(".localhost") else host, *arguments, **options)

    return mock.patch.object(socket, "getaddrinfo", resolve)


def browse(endpoint, bucket, path, method="GET", **headers):
    """As a browser asks a bucket's host: (status, body, headers in lower case)."""
    port = urlsplit(endpoint).port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers={"Host": f"{bucket}.localhost:{port}", **headers})
        answer = connection.getresponse()
        body = answer.read()
        return answer.status, body, {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


def path_of(key):
    return "/" + quote(key)


# A browser's view of a site with index and error page, sub-folders served by their own index; redirected to the slash.
PAGES = {
    "index.html": b"<h1>index</h1>",
    "404.html": b"<h1>gone</h1>",
    "docs/index.html": b"<h1>docs</h1>",
    "docs/a.html": b"<h1>a</h1>",
    "docs/\u6d3b \u52a8/index.html": b"<h1>sub</h1>",
    "only/file.txt": b"file",
}


def site_is_served(report, endpoint, bucket):
    """The website of `bucket` holds PAGES, is public, with sub-folders (type 0) and the error page."""
    for name, path, status, body in [
        ("the index", "/", 200, PAGES["index.html"]),
        ("the index by its name", "/index.html", 200, PAGES["index.html"]),
        ("the index with a query", "/?utm_source=x", 200, PAGES["index.html"]),
        ("a page", "/docs/a.html", 200, PAGES["docs/a.html"]),
        ("the index of a folder", "/docs/", 200, PAGES["docs/index.html"]),
        ("the index of a folder with a name to encode", path_of("docs/\u6d3b \u52a8/"), 200, PAGES["docs/\u6d3b \u52a8/index.html"]),
        ("a folder without an index", "/only/", 404, PAGES["404.html"]),
        ("a page that is not there", "/nothing.html", 404, PAGES["404.html"]),
    ]:
        found = browse(endpoint, bucket, path)
        report.compare(f"browser: {name}", (status, body), found[:2])
    for name, path, target in [
        ("a folder without its slash", "/docs", "/docs/"),
        ("such a folder with a name to encode", path_of("docs/\u6d3b \u52a8"), path_of("docs/\u6d3b \u52a8/")),
    ]:
        status, _, headers = browse(endpoint, bucket, path)
        location = headers.get("location", "")
        report.compare(f"browser: {name} is sent there", (302, True), (status, location.endswith(target)))
    status, body, headers = browse(endpoint, bucket, "/docs/a.html", "HEAD")
    report.compare("browser: HEAD has the headers and no body", (200, b"", str(len(PAGES["docs/a.html"]))), (status, body, headers.get("content-length")))
    status, body, _ = browse(endpoint, bucket, "/nothing.html", "HEAD")
    report.compare("browser: HEAD of what is not there", (404, b""), (status, body))
    tag = headers.get("etag", "")
    status, body, _ = browse(endpoint, bucket, "/docs/a.html", If_None_Match=tag)
    report.compare("browser: what it has already", (304, b""), (status, body))
    status, body, headers = browse(endpoint, bucket, "/docs/a.html", Range="bytes=1-2")
    report.compare("browser: a range", (206, b"h1", "bytes 1-2/10"), (status, body, headers.get("content-range")))
