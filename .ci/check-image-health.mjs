// The image's health check, run as it stands (but for the port) against servers that are well, unwell and away.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const dockerfile = readFileSync(process.argv[2], "utf8").replace(/\\\n/g, " ");
const [program, ...args] = JSON.parse(dockerfile.match(/^HEALTHCHECK .*CMD (\[.*\])$/m)[1]);
assert.ok(args.some((arg) => arg.includes("/127.0.0.1/8080 ")), "it asks on the port that is exposed");

const server = createServer((request, response) => {
    response.writeHead(request.url === "/readyz" ? status : 404).end("ok");
});
let status = 200;
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address();

async function code() {
    const child = spawn(program, args.map((arg) => arg.replace("/127.0.0.1/8080 ", `/127.0.0.1/${port} `)));
    const [code] = await once(child, "exit");
    return code;
}

assert.equal(await code(), 0);
status = 503;
assert.notEqual(await code(), 0);
server.close();
server.closeAllConnections();
assert.notEqual(await code(), 0);
