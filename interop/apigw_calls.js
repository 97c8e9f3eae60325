// Calls campaign-local through the official Node package `aliyun-api-gateway`, and compares every result.
//
//     node apigw_calls.js PATH-TO-campaign-local
//
// One line a call, then `N passed, N failed`. The package is used as it is; run by `interop/run apigw`, which tells where it
// is installed (NODE_PATH).
"use strict";

const path = require("path");

const { Client } = require("aliyun-api-gateway");

const { LocalCloud, Report } = require("./local_cloud");

const OTHER_APP = "203753385";
const OTHER_SECRET = "c0ffee-App-S3cret-for-tests+/=";

/// What a call comes to: the function's answer, or the gateway's refusal.
async function outcome(call) {
  try {
    const { method, target, body } = await call;
    return [method, target, Buffer.from(body, "base64").toString()];
  } catch (error) {
    const headers = error.data && error.data.headers;
    return headers ? [error.code, headers["x-ca-error-code"]] : ["crash", String(error)];
  }
}

async function calls(report, ready) {
  const compare = report.compare.bind(report);
  const { gateway, admin, admin_token: token } = ready;
  const put = async (name, value) => {
    const answer = await fetch(`${admin}/${name}`, {
      method: "PUT",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(value),
    });
    if (!answer.ok) throw new Error(`PUT /${name}: ${answer.status} ${await answer.text()}`);
  };
  const command = process.execPath;
  await put("functions/echo", { backend: { process: { command, args: [path.join(__dirname, "apigw_function.js")] } } });
  await put(`apps/${OTHER_APP}`, { secret: OTHER_SECRET });
  for (const method of ["GET", "POST", "PUT", "DELETE"]) {
    await put(`routes/${method}`, { method, path: "/v1/{id}", function: "echo", auth: "app" });
  }
  await put("routes/own", { method: "GET", path: "/own", function: "echo", auth: "app", apps: [ready.app_key] });

  const client = new Client(ready.app_key, ready.app_secret);
  const other = new Client(OTHER_APP, OTHER_SECRET);
  const url = (target) => `${gateway}${target}`;
  const special = { q: "a+b c&d=e/%2F", x: "~!*()'" };
  const form = { "content-type": "application/x-www-form-urlencoded; charset=UTF-8" };

  compare("GET", ["GET", "/v1/me", ""], await outcome(client.get(url("/v1/me"))));
  compare(
    "GET with a query that is not sorted, and an empty value",
    ["GET", "/v1/s?page=2&limit=20&a=1&B=&_=5", ""],
    await outcome(client.get(url("/v1/s"), { data: { page: 2, limit: 20, a: 1, B: "", _: 5 } })),
  );
  compare(
    "GET with a query in the URL",
    ["GET", "/v1/s?b=2&a=%E6%9D%AD", ""],
    await outcome(client.get(url("/v1/s?b=2&a=%E6%9D%AD"))),
  );
  compare(
    "GET with special characters",
    ["GET", "/v1/s?q=a%2Bb%20c%26d%3De%2F%252F&x=~!*()'", ""],
    await outcome(client.get(url("/v1/s"), { data: special })),
  );
  compare(
    "GET with names and values beyond ASCII",
    ["GET", "/v1/s?%E5%9F%8E%E5%B8%82=%E6%9D%AD%20%E5%B7%9E", ""],
    await outcome(client.get(url("/v1/s"), { data: { "城市": "杭 州" } })),
  );
  const entry = { name: "李雷", emoji: "🎉", note: "a&b=c#d" };
  compare("POST JSON", ["POST", "/v1/e", JSON.stringify(entry)], await outcome(client.post(url("/v1/e"), { data: entry })));
  compare(
    "POST JSON with a query",
    ["POST", "/v1/e?campaign=spring&dry=", JSON.stringify(entry)],
    await outcome(client.post(url("/v1/e"), { data: entry, query: { campaign: "spring", dry: "" } })),
  );
  compare(
    "POST form",
    ["POST", "/v1/f", "name=%E5%BC%A0%E4%B8%89&note=&email=a%40b.cn&amp=a%26b%3Dc%20d"],
    await outcome(
      client.post(url("/v1/f"), { headers: form, data: { name: "张三", note: "", email: "a@b.cn", amp: "a&b=c d" } }),
    ),
  );
  compare(
    "POST form with a query",
    ["POST", "/v1/f?z=1", "a=2"],
    await outcome(client.post(url("/v1/f"), { headers: form, data: { a: 2 }, query: { z: 1 } })),
  );
  compare(
    "POST bytes",
    ["POST", "/v1/b", "plain bytes\n"],
    await outcome(
      client.post(url("/v1/b"), {
        headers: { "content-type": "application/octet-stream" },
        data: Buffer.from("plain bytes\n"),
      }),
    ),
  );
  compare("PUT JSON, which it sends without a digest", ["PUT", "/v1/e", '{"a":1}'], await outcome(client.put(url("/v1/e"), { data: { a: 1 } })));
  compare(
    "DELETE with a query",
    ["DELETE", "/v1/e?reason=test", ""],
    await outcome(client.delete(url("/v1/e"), { query: { reason: "test" } })),
  );
  compare(
    "a header of its own in the signature, and a date",
    ["GET", "/v1/me", ""],
    await outcome(
      client.get(url("/v1/me"), {
        headers: { "X-Campaign-Id": "spring", Date: new Date().toUTCString() },
        signHeaders: { "X-Campaign-Id": "spring" },
      }),
    ),
  );
  compare("another app", ["GET", "/v1/me", ""], await outcome(other.get(url("/v1/me"))));
  compare("a route for one app, by that app", ["GET", "/own", ""], await outcome(client.get(url("/own"))));

  compare("refused: a route for one app, by another", [403, "I403AA"], await outcome(other.get(url("/own"))));
  const wrong = new Client(ready.app_key, "wrong secret");
  compare("refused: the wrong secret", [403, "A403IS"], await outcome(wrong.get(url("/v1/me?a=1"))));
  const message = await wrong.get(url("/v1/me?a=1")).catch((error) => error.data.headers["x-ca-error-message"]);
  compare(
    "refused: the gateway tells what it signed",
    true,
    /^Invalid Signature, Server StringToSign:`GET#application\/json####x-ca-key:.*#\/v1\/me\?a=1`$/.test(message),
  );
  compare("refused: an unknown key", [400, "A400IK"], await outcome(new Client("1", "s").get(url("/v1/me"))));
  const nonce = { "x-ca-nonce": "5f2b1c1e-0d1b-4a57-9c50-1d2b8a9d0001" };
  compare("a nonce", ["GET", "/v1/me", ""], await outcome(client.get(url("/v1/me"), { headers: nonce })));
  compare("refused: the nonce again", [403, "S403NU"], await outcome(client.get(url("/v1/me"), { headers: nonce })));
  compare("the nonce by another app", ["GET", "/v1/me", ""], await outcome(other.get(url("/v1/me"), { headers: nonce })));
  for (const minutes of [-16, 16]) {
    const headers = { "x-ca-timestamp": Date.now() + minutes * 60000 };
    compare(`refused: signed ${minutes} minutes from now`, [403, "S403TE"], await outcome(client.get(url("/v1/me"), { headers })));
  }
  const repeated = client.get(url("/v1/s?a=1&a=2"));
  compare("refused: a parameter that is repeated", [403, "A403IS"], await outcome(repeated));
  const pre = new Client(ready.app_key, ready.app_secret, "PRE");
  compare("refused: a stage that is not there", [404, "I404NF"], await outcome(pre.get(url("/v1/me"))));
  const anonymous = await fetch(url("/v1/me"));
  compare("refused: nobody", [400, "A400MA"], [anonymous.status, anonymous.headers.get("x-ca-error-code")]);
}

async function main() {
  const report = new Report();
  const cloud = new LocalCloud(process.argv[2]);
  const ready = await cloud.start();
  try {
    await calls(report, ready);
  } finally {
    await cloud.end("SIGTERM");
    cloud.remove();
  }
  report.finish();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
