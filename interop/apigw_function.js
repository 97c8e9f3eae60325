// A custom-runtime function that answers what it was asked: method, target and body. For apigw_calls.js.
"use strict";

const http = require("http");

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks).toString("base64");
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ method: request.method, target: request.url, body }));
  });
});
server.keepAliveTimeout = 0;
server.requestTimeout = 0;
server.listen(Number(process.env.FC_SERVER_PORT || 9000), process.env.FC_LISTEN_HOST || "0.0.0.0");
