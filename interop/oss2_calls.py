#!/usr/bin/env python3
"""Calls campaign-local through the official Python package `oss2`, and compares every result.

    oss2_calls.py PATH-TO-campaign-local

One line a call, then `N passed, N failed`. The package is used as it is; only the clock of this process is turned, for
the calls that must be refused because of it.
"""

import base64
import hashlib
import io
import logging
import os
import sys
import tempfile
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from unittest import mock

import oss2
from oss2.models import BucketCreateConfig, BucketWebsite

import oss_expected as expected
from local_cloud import LocalCloud
from oss_expected import BUCKET, KEYS, NO_BUCKET, NO_KEY, OTHER, TEXT
from report import Report

BIG = 5 << 20  # several pieces of the emulator's
CLOCK_TOLERANCE = 60  # seconds


def outcome(function, *arguments, **options):
    try:
        return function(*arguments, **options)
    except oss2.exceptions.OssError as error:
        return (error.status, error.code, error.message)
    except Exception as error:  # noqa: BLE001 a crash of the package is a result to compare too
        return ("crash", type(error).__name__, str(error))


def refusal(function, *arguments, **options):
    """Status and code only, where the words are not documented."""
    refused = outcome(function, *arguments, **options)
    return refused[:2] if isinstance(refused, tuple) else refused


def md5(data):
    return base64.b64encode(hashlib.md5(data).digest()).decode()


def tag(data):
    return hashlib.md5(data).hexdigest().upper()


def crc(data):
    checksum = oss2.utils.Crc64()
    checksum.update(data)
    return checksum.crc


# ---- the calls, in order -----------------------------------------------------------------------------------------


def buckets(report, service, bucket, other):
    def names(**options):
        return [found.name for found in service.list_buckets(**options).buckets]

    ia = BucketCreateConfig("IA")
    report.call("list_buckets: none", [], names)
    report.call("get_bucket_info: no bucket", NO_BUCKET, bucket.get_bucket_info)
    report.call("create_bucket", 200, lambda: bucket.create_bucket(oss2.BUCKET_ACL_PRIVATE).status)
    report.call("create_bucket: again, one's own", 200, lambda: bucket.create_bucket().status)
    report.call("create_bucket: again, with another storage class", (409, "BucketAlreadyExists"), refusal, bucket.create_bucket, input=ia)
    report.call("create_bucket: another, of infrequent access", 200, lambda: other.create_bucket(input=ia).status)
    report.call("list_buckets", [OTHER, BUCKET], names)
    report.call("list_buckets: a prefix", [BUCKET], names, prefix="interop-s")
    report.call("BucketIterator: page by page", [OTHER, BUCKET], lambda: [found.name for found in oss2.BucketIterator(service, max_keys=1)])

    def info(bucket):
        found = bucket.get_bucket_info()
        return found.name, found.location, found.storage_class, found.acl.grant, found.data_redundancy_type

    report.call("get_bucket_info", (BUCKET, "oss-cn-hangzhou", "Standard", "private", "LRS"), info, bucket)
    report.call("get_bucket_info: the other", (OTHER, "oss-cn-hangzhou", "IA", "private", "LRS"), info, other)
    report.call("get_bucket_location", "oss-cn-hangzhou", lambda: bucket.get_bucket_location().location)
    report.call("delete_bucket", 204, lambda: other.delete_bucket().status)
    report.call("delete_bucket: again", NO_BUCKET, other.delete_bucket)


def objects(report, bucket, nowhere):
    def put(key, body, **headers):
        return bucket.put_object(key, body, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def get(key, **options):
        return bucket.get_object(key, **options).read()

    report.call("get_object: no object", NO_KEY, get, "a.txt")
    report.call("head_object: no object, told by a header", NO_KEY, bucket.head_object, "a.txt")
    report.call("object_exists: no object", False, bucket.object_exists, "a.txt")
    report.call("object_exists: no bucket", NO_BUCKET, nowhere.object_exists, "a.txt")
    report.call("put_object: no bucket", NO_BUCKET, nowhere.put_object, "a", b"a")

    def stored():
        result = put("a.txt", TEXT)
        return result.etag, result.crc, result.headers.get("Content-MD5")

    report.call("put_object", (tag(TEXT), crc(TEXT), md5(TEXT)), stored)
    report.call("put_object: from a file object, its length not said", 200, lambda: bucket.put_object("stream", oss2.utils.SizedFileAdapter(io.BytesIO(TEXT), len(TEXT))).status)
    report.call("put_object: in chunks", 200, lambda: bucket.put_object("chunks", iter([TEXT[:100], TEXT[100:]])).status)
    report.call("get_object: what came in chunks", TEXT, get, "chunks")
    report.call("object_exists", True, bucket.object_exists, "a.txt")
    report.call("get_object: its checksum is compared", TEXT, get, "a.txt")

    def headed():
        found = bucket.head_object("a.txt")
        now = abs(time.time() - found.last_modified) < CLOCK_TOLERANCE
        return found.content_length, found.content_type, found.etag, found.server_crc, found.object_type, found.headers["x-oss-storage-class"], now

    report.call("head_object", (len(TEXT), "text/plain", tag(TEXT), crc(TEXT), "Normal", "Standard", True), headed)

    def meta():
        found = bucket.get_object_meta("a.txt")
        return found.content_length, found.etag

    report.call("get_object_meta", (len(TEXT), tag(TEXT)), meta)
    report.call("put_object: no bytes", (tag(b""), 0), lambda: (lambda result: (result.etag, result.crc))(put("empty", b"")))
    report.call("get_object: no bytes", b"", get, "empty")
    kept = {
        "Cache_Control": "max-age=60", "Content_Disposition": 'attachment; filename="a.html"', "Content_Encoding": "identity",
        "Expires": "Wed, 11 Nov 2026 00:00:00 GMT", "Content_Type": "text/html; charset=utf-8",
        "x_oss_meta_Name": "A", "x_oss_meta_other": "b c",
    }  # fmt: skip
    report.call("put_object: headers", 200, lambda: put("headers", b"x", **kept).status)
    report.call("head_object: the headers come back", list(kept.values()), lambda: [bucket.head_object("headers").headers.get(name.replace("_", "-")) for name in kept])
    report.call("put_object: another digest", (400, "InvalidDigest"), refusal, put, "digest", b"x", Content_MD5=md5(b"y"))
    report.call("get_object: nothing of it was kept", NO_KEY, get, "digest")
    report.call("put_object: forbids to overwrite, and makes it", 200, lambda: put("once", b"1", x_oss_forbid_overwrite="true").status)
    report.call("put_object: forbids to overwrite, and it is there", expected.EXISTS, put, "once", b"2", x_oss_forbid_overwrite="true")
    report.call("get_object: it was not overwritten", b"1", get, "once")
    report.call("delete_object", 204, lambda: bucket.delete_object("once").status)
    report.call("get_object: the deleted object", NO_KEY, get, "once")
    report.call("delete_object: what is not there", 204, lambda: bucket.delete_object("once").status)

    size = len(TEXT)

    def part(*asked, **headers):
        result = bucket.get_object("a.txt", byte_range=asked, headers=headers)
        return result.status, result.read(), result.content_range

    report.call("get_object: the first bytes", (206, TEXT[:5], f"bytes 0-4/{size}"), part, 0, 4)
    report.call("get_object: from a byte on", (206, TEXT[400:], f"bytes 400-{size - 1}/{size}"), part, 400, None)
    report.call("get_object: the last bytes", (206, TEXT[-7:], f"bytes {size - 7}-{size - 1}/{size}"), part, None, 7)
    report.call("get_object: behind the end gives all", (200, TEXT, None), part, 9999, None)
    report.call("get_object: behind the end, standard", (416, "InvalidRange"), refusal, part, 9999, None, **{"x-oss-range-behavior": "standard"})
    for name, header, value, status in [
        ("if-match holds", "If-Match", f'"{tag(TEXT)}"', 200),
        ("if-match does not hold", "If-Match", f'"{tag(b"")}"', 412),
        ("if-none-match does not hold", "If-None-Match", f'"{tag(TEXT)}"', 304),
        ("if-modified-since does not hold", "If-Modified-Since", oss2.http_date(int(time.time()) + 9), 304),
        ("if-unmodified-since does not hold", "If-Unmodified-Since", oss2.http_date(1), 412),
    ]:
        for read in (bucket.get_object, bucket.head_object):

            def status_of(read=read, header=header, value=value):
                result = outcome(read, "a.txt", headers={header: value})
                return result[0] if isinstance(result, tuple) else result.status

            report.call(f"{read.__name__}: {name}", status, status_of)
    asked = {"response-content-type": "text/x", "response-cache-control": "no-store", "response-content-disposition": 'inline; filename="\u6d3b"'}
    report.call(
        "get_object: headers of the answer", ["text/x", "no-store"],
        lambda: [bucket.get_object("a.txt", params=asked).headers[name] for name in ("Content-Type", "Cache-Control")],
    )  # fmt: skip


def special_keys(report, bucket):
    for key in KEYS:
        body = key.encode()

        def there_and_back(key=key, body=body):
            bucket.put_object(key, body)
            return bucket.get_object(key).read(), bucket.head_object(key).content_length

        report.call(f"put, get, head: key {key[:20]!r}", (body, len(body)), there_and_back)
    report.call("put_object: a key of 1,024 bytes", (400, "InvalidObjectName"), refusal, bucket.put_object, "x" * 1024, b"x")
    others = ["a.txt", "chunks", "empty", "headers", "stream"]
    ordered = sorted([*others, *KEYS], key=str.encode)
    report.call("ObjectIterator: all keys, in the order of their bytes", ordered, lambda: [found.key for found in oss2.ObjectIterator(bucket, max_keys=7)])
    report.call("ObjectIteratorV2: the same", ordered, lambda: [found.key for found in oss2.ObjectIteratorV2(bucket, max_keys=7)])
    report.call("batch_delete_objects", KEYS, lambda: bucket.batch_delete_objects(KEYS).deleted_keys)
    report.call("ObjectIterator: they are gone", others, lambda: [found.key for found in oss2.ObjectIterator(bucket)])


def listings(report, bucket, nowhere):
    names = ["l/a", "l/b/1", "l/b/2", "l/b0", "l/c/", "l/d"]
    for name in names:
        report.call(f"put_object: {name}", 200, lambda n=name: bucket.put_object(n, n).status)

    def page(list_objects, **options):
        found = list_objects(**options)
        return [entry.key for entry in found.object_list], found.prefix_list, found.is_truncated

    for listing in (bucket.list_objects, bucket.list_objects_v2):
        call = listing.__name__
        report.call(f"{call}: a prefix", (names, [], False), page, listing, prefix="l/")
        report.call(f"{call}: a delimiter", (["l/a", "l/b0", "l/d"], ["l/b/", "l/c/"], False), page, listing, prefix="l/", delimiter="/")
        report.call(f"{call}: a page", (["l/a"], ["l/b/"], True), page, listing, prefix="l/", delimiter="/", max_keys=2)
        report.call(f"{call}: max-keys 1001", (400, "InvalidArgument"), refusal, listing, max_keys=1001)
    report.call("list_objects: no bucket", NO_BUCKET, nowhere.list_objects)
    report.call("list_objects: after a marker", (["l/c/", "l/d"], [], False), page, bucket.list_objects, prefix="l/", marker="l/b0")
    report.call("list_objects_v2: start after", (["l/c/", "l/d"], [], False), page, bucket.list_objects_v2, prefix="l/", start_after="l/b0")
    grouped = ["l/a", "l/b/", "l/b0", "l/c/", "l/d"]
    for pages in (oss2.ObjectIterator, oss2.ObjectIteratorV2):
        report.call(f"{pages.__name__}: page by page", grouped, lambda pages=pages: [found.key for found in pages(bucket, prefix="l/", delimiter="/", max_keys=2)])

    def entry():
        found = bucket.list_objects_v2(prefix="l/a", fetch_owner=True).object_list[0]
        return found.key, found.size, found.etag, found.storage_class, found.type, bool(found.owner.id)

    report.call("list_objects_v2: an entry", ("l/a", 3, tag(b"l/a"), "Standard", "Normal", True), entry)
    report.call("batch_delete_objects: also what is not there", ["l/a", "l/none"], lambda: bucket.batch_delete_objects(["l/a", "l/none"]).deleted_keys)
    report.call("batch_delete_objects: the rest", names[1:], lambda: bucket.batch_delete_objects(names[1:]).deleted_keys)
    report.call("batch_delete_objects: 1,001 keys", (400, "MalformedXML"), refusal, bucket.batch_delete_objects, [str(n) for n in range(1001)])


def large(report, bucket, folder):
    data = os.urandom(BIG)
    source, target = os.path.join(folder, "source"), os.path.join(folder, "target")
    with open(source, "wb") as file:
        file.write(data)
    report.call("put_object_from_file: several pieces", (tag(data), crc(data)), lambda: (lambda result: (result.etag, result.crc))(bucket.put_object_from_file("big", source)))

    def downloaded(download):
        download()
        with open(target, "rb") as file:
            return file.read() == data

    report.call("get_object_to_file", True, downloaded, lambda: bucket.get_object_to_file("big", target))
    report.call("resumable_download: in parts", True, downloaded, lambda: oss2.resumable_download(bucket, "big", target, multiget_threshold=1 << 20, part_size=1 << 20, num_threads=3))
    report.call("delete_object: the large one", 204, lambda: bucket.delete_object("big").status)


def website(report, bucket, endpoint):
    def found():
        site = bucket.get_bucket_website()
        return site.index_file, site.error_file

    report.call("get_bucket_website: none", expected.NO_WEBSITE, found)
    report.call("put_bucket_website", 200, lambda: bucket.put_bucket_website(BucketWebsite("index.html", "404.html")).status)
    report.call("get_bucket_website", ("index.html", "404.html"), found)
    report.call("put_bucket_acl: public-read", 200, lambda: bucket.put_bucket_acl(oss2.BUCKET_ACL_PUBLIC_READ).status)
    report.call("get_bucket_acl: public-read", "public-read", lambda: bucket.get_bucket_acl().acl)
    for name, body in expected.PAGES.items():
        report.call(f"put_object: {name}", 200, lambda n=name, b=body: bucket.put_object(n, b).status)
    for name, path, status, page in [("the index", "/", 200, "index.html"), ("what is not there", "/nothing", 404, "404.html"), ("a folder", "/docs/", 200, "index.html")]:
        report.compare(f"browser: {name}", (status, expected.PAGES[page]), expected.browse(endpoint, BUCKET, path)[:2])
    report.call("list_objects: a signed request sees the bucket", True, lambda: len(bucket.list_objects().object_list) > 5)
    report.call("get_object: a signed request sees no error page", NO_KEY, bucket.get_object, "nothing")
    report.call("delete_bucket_website", 204, lambda: bucket.delete_bucket_website().status)
    report.call("get_bucket_website: deleted", expected.NO_WEBSITE, found)


def access(report, bucket, nobody, nobody_at_all):
    def get(key):
        return nobody.get_object(key).read()

    report.call("anonymous: reads of public-read", TEXT, get, "a.txt")
    report.call("anonymous: writes to public-read", expected.FORBIDDEN_OBJECT, nobody.put_object, "w", b"x")
    report.call("put_object: a private object", 200, lambda: bucket.put_object("secret", b"x", headers={"x-oss-object-acl": "private"}).status)
    report.call("anonymous: a private object of a public bucket", (403, "AccessDenied"), refusal, get, "secret")
    report.call("put_bucket_acl: private", 200, lambda: bucket.put_bucket_acl(oss2.BUCKET_ACL_PRIVATE).status)
    report.call("anonymous: reads of private", expected.FORBIDDEN_OBJECT, get, "a.txt")
    report.call("anonymous: lists private", expected.FORBIDDEN_BUCKET, nobody.list_objects)
    report.call("anonymous: the list of buckets is the owner's", (403, "AccessDenied"), refusal, nobody_at_all.list_buckets)


def impostors(report, connect, bucket, auth, ready):
    wrong = connect(auth(ready["access_key_id"], "not-the-secret"))
    unknown = connect(auth("nobody", "secret"))
    for call in ("get_object", "head_object", "list_objects"):
        arguments = [] if call == "list_objects" else ["a.txt"]
        report.call(f"{call}: a wrong secret", expected.WRONG_SECRET, getattr(wrong, call), *arguments)
        report.call(f"{call}: an unknown access key", expected.UNKNOWN_KEY, getattr(unknown, call), *arguments)

    def fetched(url):
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()[:0]

    url = bucket.sign_url("GET", "a.txt", 60, slash_safe=True)
    report.call("sign_url: the URL is enough", (200, TEXT), fetched, url)
    report.call("sign_url: for this object alone", (403, b""), fetched, url.replace("a.txt", "secret"))
    report.call("sign_url: to put", 200, lambda: bucket.put_object_with_url(bucket.sign_url("PUT", "by/url", 60), b"x").status)
    with clock_turned_by(-2):
        url = bucket.sign_url("GET", "a.txt", 3600)
    report.call("sign_url: an hour ago it ended", (403, b""), fetched, url)


def clock_turned_by(hours):
    """This process's clock, off by some hours; the package asks `time` and `datetime`."""
    real, seconds = time.time, hours * 3600

    class Turned(datetime):
        @classmethod
        def utcnow(cls):
            return datetime.utcnow() + timedelta(hours=hours)

    def http_date(timeval=None):
        return oss2.compat.to_string(oss2.utils.formatdate(real() + seconds if timeval is None else timeval, usegmt=True))

    turned = [
        mock.patch.object(oss2.auth, "datetime", Turned),
        mock.patch.object(oss2.auth.time, "time", lambda: real() + seconds),
        mock.patch.object(oss2.utils, "http_date", http_date),
    ]
    return Together(turned)


class Together:
    def __init__(self, parts):
        self.parts = parts

    def __enter__(self):
        for part in self.parts:
            part.__enter__()

    def __exit__(self, *error):
        for part in reversed(self.parts):
            part.__exit__(*error)


def clocks(report, bucket):
    for hours in (-1, 1):
        with clock_turned_by(hours):
            refused = outcome(bucket.get_object, "a.txt")
        report.compare(f"get_object: the clock is off by {hours:+} h", expected.SKEWED, refused)


def not_emulated(report, bucket):
    for call, function, arguments in [
        ("init_multipart_upload", bucket.init_multipart_upload, ["m"]),
        ("copy_object", bucket.copy_object, [BUCKET, "a.txt", "b"]),
        ("append_object", bucket.append_object, ["new", 0, b"x"]),
        ("put_symlink", bucket.put_symlink, ["a.txt", "link"]),
        ("get_bucket_lifecycle", bucket.get_bucket_lifecycle, []),
        ("get_bucket_cors", bucket.get_bucket_cors, []),
        ("get_bucket_referer", bucket.get_bucket_referer, []),
        ("get_bucket_versioning", bucket.get_bucket_versioning, []),
        ("get_bucket_stat", bucket.get_bucket_stat, []),
        ("put_object_acl", bucket.put_object_acl, ["a.txt", "private"]),
    ]:
        report.compare(f"{call}: is refused", expected.NOT_EMULATED, outcome(function, *arguments)[1])


def main(binary):
    # Refusals are expected here; the package would log each.
    logging.getLogger("oss2").setLevel(logging.CRITICAL)
    report = Report(outcome)
    with tempfile.TemporaryDirectory(prefix="campaign-interop-") as folder, expected.names_under_localhost():
        cloud = LocalCloud(binary, folder)
        cloud.start("--listen", "127.0.0.1:0")
        ready = cloud.ready
        port = ready["oss"].rsplit(":", 1)[1]
        try:
            # The package takes the bucket into the path for `localhost`, and into the host for other names.
            for auth, endpoint in ((oss2.Auth, f"http://oss.localhost:{port}"), (oss2.AuthV4, ready["oss"])):

                def connect(auth, name=BUCKET, endpoint=endpoint):
                    return oss2.Bucket(auth, endpoint, name, region=ready["region"])

                own, nobody = auth(ready["access_key_id"], ready["access_key_secret"]), oss2.AnonymousAuth()
                report.prefix = f"[{auth.__name__}, {'host' if 'oss.' in endpoint else 'path'}]"
                bucket = connect(own)
                buckets(report, oss2.Service(own, endpoint, region=ready["region"]), bucket, connect(own, OTHER))
                objects(report, bucket, connect(own, "interop-nowhere"))
                special_keys(report, bucket)
                listings(report, bucket, connect(own, "interop-nowhere"))
                large(report, bucket, folder)
                website(report, bucket, ready["oss"])
                access(report, bucket, connect(nobody), oss2.Service(nobody, endpoint))
                impostors(report, connect, bucket, auth, ready)
                clocks(report, bucket)
                not_emulated(report, bucket)

                # Acknowledged is stored: the process is killed, and another takes over folder and port.
                cloud.kill()
                cloud.start()
                report.compare("restart: the same addresses and keys", ready, cloud.ready)
                bucket = connect(own)
                report.call("get_object: after SIGKILL and a restart", TEXT, lambda b=bucket: b.get_object("a.txt").read())
                report.call("delete_bucket: with objects", expected.NOT_EMPTY, bucket.delete_bucket)

                def emptied(bucket=bucket):
                    bucket.batch_delete_objects([found.key for found in oss2.ObjectIterator(bucket)])
                    return bucket.delete_bucket().status

                report.call("delete_bucket: emptied", 204, emptied)
        finally:
            report.prefix = "[process]"
            report.compare("campaign-local ends in good order", 0, cloud.stop())
    return report.finish()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
