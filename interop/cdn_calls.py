#!/usr/bin/env python3
"""Refreshes the CDN of campaign-local through the official Python package `alibabacloud-cdn20180510`, and compares every result.

    cdn_calls.py PATH-TO-campaign-local

One line a call, then `N passed, N failed`. The package is used as it is; only the clock that it signs with is turned, for the call
that must be refused because of it.
"""

import datetime
import json
import sys
import tempfile
import urllib.request
from unittest import mock

from alibabacloud_cdn20180510 import models
from alibabacloud_cdn20180510.client import Client
from alibabacloud_tea_openapi import models as open_api
from alibabacloud_tea_openapi import utils as open_api_utils
from alibabacloud_tea_util.models import RuntimeOptions
from Tea.exceptions import TeaException

from local_cloud import LocalCloud
from report import Report

RUNTIME = RuntimeOptions(autoretry=False, connect_timeout=5000, read_timeout=10000)
PAGE = "http://www.example.com/index.html"
DIRECTORY = "http://www.example.com/news/"


def outcome(function, *arguments):
    try:
        return function(*arguments)
    except TeaException as error:
        return (error.statusCode, error.code)
    except Exception as error:  # noqa: BLE001 a crash of the package is a result to compare too
        return ("crash", type(error).__name__, str(error))


def client(ready, token=None, secret=None, key=None):
    return Client(
        open_api.Config(
            access_key_id=key or ready["access_key_id"],
            access_key_secret=secret or ready["access_key_secret"],
            security_token=token,
            endpoint=ready["openapi"].removeprefix("http://"),
            protocol="HTTP",
        )
    )


def admin(ready, path, value):
    request = urllib.request.Request(
        ready["admin"] + path,
        data=json.dumps(value).encode(),
        method="PUT",
        headers={"Authorization": f"Bearer {ready['admin_token']}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status


class Calls:
    def __init__(self, caller):
        self.caller = caller

    def refresh(self, path, kind=None, force=None):
        request = models.RefreshObjectCachesRequest(object_path=path, object_type=kind, force=force)
        return self.caller.refresh_object_caches_with_options(request, RUNTIME).body

    def is_refreshed(self, *arguments):
        body = self.refresh(*arguments)
        return bool(body.refresh_task_id) and bool(body.request_id)

    def tasks(self, **filters):
        request = models.DescribeRefreshTasksRequest(**filters)
        return self.caller.describe_refresh_tasks_with_options(request, RUNTIME).body

    def found(self, filters):
        body = self.tasks(**filters)
        tasks = [(task.object_path, task.object_type, task.status, task.process) for task in body.tasks.cdntask]
        return (tasks, int(body.total_count), int(body.page_number), int(body.page_size))

    def quota(self):
        body = self.caller.describe_refresh_quota_with_options(models.DescribeRefreshQuotaRequest(), RUNTIME).body
        return (body.url_quota, body.url_remain, body.dir_quota, body.dir_remain)


def turned(hours):
    """The package's clock, turned by so many hours."""
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return mock.patch.object(
        open_api_utils.Utils, "get_timestamp", staticmethod(lambda: now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    )


def run(report, ready):
    calls = Calls(client(ready))
    report.call("quota of a new day", ("2000", "2000", "100", "100"), calls.quota)
    report.call("a domain that is not there", (404, "InvalidDomain.NotFound"), calls.refresh, PAGE)
    report.compare("a domain", 200, admin(ready, "/domains/page", {"host": "www.example.com", "bucket": "page"}))

    report.call("one file", True, calls.is_refreshed, PAGE)
    report.call("two files, both line ends", True, calls.is_refreshed, PAGE + "\n" + PAGE + "?a=b%20c&d\r\n", "File")
    report.call("a name that is not ASCII", True, calls.is_refreshed, "http://www.example.com/%E6%B4%BB%E5%8A%A8+a*~.png")
    report.call("a directory", True, calls.is_refreshed, DIRECTORY, "Directory")
    report.call("a directory by force", True, calls.is_refreshed, DIRECTORY, "Directory", True)
    report.call("quota afterwards", ("2000", "1996", "100", "98"), calls.quota)

    directory = (DIRECTORY, "directory", "Complete", "100%")
    page = (PAGE, "file", "Complete", "100%")
    report.call("tasks by type", ([directory, directory], 2, 1, 20), calls.found, {"object_type": "directory"})
    report.call("tasks by address", ([page, page], 2, 1, 20), calls.found, {"object_path": PAGE})
    report.call("a page of tasks", ([directory], 6, 2, 1), calls.found, {"page_size": 1, "page_number": 2})
    by_domain = {"object_type": "file", "domain_name": "www.example.com", "status": "Refreshing"}
    report.call("tasks under way", ([], 0, 1, 20), calls.found, by_domain)
    body = calls.refresh(PAGE)
    report.call("tasks by id", ([page], 1, 1, 20), calls.found, {"task_id": body.refresh_task_id})

    report.call("no address", (400, "MissingObjectPath"), calls.refresh, "")
    report.call("no scheme", (400, "InvalidObjectPath.Malformed"), calls.refresh, "www.example.com/a")
    report.call("no directory", (400, "InvalidObjectPath.Malformed"), calls.refresh, PAGE, "Directory")
    report.call("no type", (400, "InvalidObjectType.Malformed"), calls.refresh, PAGE, "Regex; drop")
    report.call("a type that is not emulated", (400, "InvalidObjectType.Malformed"), calls.refresh, PAGE, "Regex")
    many = "\n".join(f"http://www.example.com/{n}" for n in range(1001))
    report.call("too many at once", (400, "InvalidObjectPath.Size.Malformed"), calls.refresh, many)
    report.call("no page", (400, "InvalidParameter"), calls.found, {"page_size": 101})
    report.call("a filter that needs another", (400, "InvalidParameter"), calls.found, {"status": "Complete"})
    thousand = "\n".join(f"http://www.example.com/{n}" for n in range(1000))
    report.call("a thousand at once", True, calls.is_refreshed, thousand)
    report.call("more than the day has", (400, "QuotaExceeded.Refresh"), calls.refresh, thousand)
    report.call("quota at last", ("2000", "995", "100", "98"), calls.quota)

    push = models.PushObjectCacheRequest(object_path=PAGE)
    report.call(
        "a call that is not emulated",
        (404, "InvalidAction.NotFound"),
        lambda: calls.caller.push_object_cache_with_options(push, RUNTIME).body,
    )
    report.call("another secret", (400, "SignatureDoesNotMatch"), Calls(client(ready, secret="x" * 32)).quota)
    report.call("another key", (404, "InvalidAccessKeyId.NotFound"), Calls(client(ready, key="LTAInobody")).quota)
    stranger = Calls(client(ready, token="token"))
    report.call("a token of nobody", (400, "InvalidSecurityToken.MismatchWithAccessKey"), stranger.quota)
    with turned(1):
        report.call("a clock that is an hour ahead", (400, "InvalidTimeStamp.Expired"), calls.quota)
    with mock.patch.object(open_api_utils.Utils, "get_nonce", staticmethod(lambda: "a nonce of this test alone")):
        report.call("a nonce for the first time", ("2000", "995", "100", "98"), calls.quota)
        report.call("a nonce for the second time", (400, "SignatureNonceUsed"), calls.quota)


def main():
    report = Report(outcome)
    with tempfile.TemporaryDirectory() as folder:
        cloud = LocalCloud(sys.argv[1], folder)
        cloud.start()
        try:
            run(report, cloud.ready)
        finally:
            cloud.stop()
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
