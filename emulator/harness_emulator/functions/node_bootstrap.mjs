// What a function's process runs on Node.js: the way to AWS is shut, then the Lambda Runtime API is spoken.
//
// Lambda's own client of that API for Node.js is built for Linux at installation, with a C++ compiler; this one needs
// nothing but Node.js. Behaviour as in https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html and
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. Its settings arrive on standard input.

import fs from "node:fs";
import http from "node:http";
import module from "node:module";
import net from "node:net";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { format, inspect } from "node:util";

const AWS = /(^|\.)(amazonaws\.com(\.cn)?|amazonaws\.eu|api\.aws|aws|aws\.dev|c2s\.ic\.gov|sc2s\.sgov\.gov)\.?$/i;
const METADATA = new Set(["169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "instance-data"]);
const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const METHODS = { trace: "TRACE", debug: "DEBUG", info: "INFO", log: "INFO", warn: "WARN", error: "ERROR" };
const json = process.env.AWS_LAMBDA_LOG_FORMAT === "JSON";
const lowest = LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL ?? "TRACE");
let requestId;

// Logs: one event for each call, however many lines it has.

function write(level, text) {
  const message = Buffer.from(text.endsWith("\n") ? text : text + "\n");
  const frame = Buffer.alloc(16 + message.length);
  frame.writeUInt32BE(0xa55a0003);
  frame.writeUInt32BE(message.length, 4);
  frame.writeBigUInt64BE(BigInt(Date.now()) * 1000n, 8);
  message.copy(frame, 16);
  for (let at = 0; at < frame.length; ) {
    try {
      at += fs.writeSync(1, frame, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

function linesOf(error) {
  return String(error.stack).replaceAll(process.env.LAMBDA_TASK_ROOT, "/var/task").split("\n");
}

function plainError(error) {
  const { name, message, stack, ...own } = error;
  const cause = error.cause === undefined ? {} : { cause: String(error.cause) };
  return { errorType: name ?? "Error", errorMessage: message, ...own, ...cause, stack: linesOf(error) };
}

function log(level, first, ...rest) {
  if (LEVELS.indexOf(level) < lowest) return;
  const timestamp = new Date().toISOString();
  if (!json) return write(level, `${timestamp}\t${requestId}\t${level}\t${format(first, ...rest)}`);
  const record = { timestamp, level, requestId };
  const error = [first, ...rest].find((value) => value instanceof Error);
  if (error) {
    const { errorType, errorMessage, stack } = plainError(error);
    Object.assign(record, { errorType, errorMessage, stackTrace: stack });
  }
  const alone = rest.length === 0 && typeof first === "object" && !error;
  write(level, JSON.stringify({ ...record, message: alone ? first : format(first, ...rest) }));
}

for (const [method, level] of Object.entries(METHODS)) console[method] = (...args) => log(level, ...args);

// A function that runs locally never reaches AWS.

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  const host = typeof options === "object" ? options?.host : args[1];
  if (typeof host === "string" && (AWS.test(host) || METADATA.has(host.toLowerCase()))) {
    const why =
      `Refused to connect to ${host}: a function that runs locally never reaches AWS. ` +
      "Clients made without an endpoint use AWS_ENDPOINT_URL, which names the emulator.";
    process.nextTick(() => this.destroy(new Error(why)));
    return this;
  }
  return connect.apply(this, args);
};

// The Runtime API.

function call(method, route, body = "", headers = {}) {
  const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
  const length = { "Content-Length": Buffer.byteLength(body) };
  const options = { host, port, method, agent: false, path: `/2018-06-01/runtime/${route}`, headers: { ...length, ...headers } };
  return new Promise((resolve, reject) => {
    const request = http.request(options, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => resolve({ headers: answer.headers, body: Buffer.concat(parts).toString() }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

function failure(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: linesOf(error) };
}

function named(name, message, cause) {
  const error = new Error(message);
  error.name = name;
  if (cause) error.stack = cause.stack;
  return error;
}

async function endInit(error) {
  log("ERROR", json ? error : `Uncaught Exception \t${JSON.stringify(plainError(error))}`);
  const body = JSON.stringify(failure(error));
  await call("POST", "init/error", body, { "Lambda-Runtime-Function-Error-Type": error.name });
  process.exit(129);
}

async function load(handler, root) {
  const folder = path.dirname(handler);
  const [file, ...names] = path.basename(handler).split(".");
  if (!names.length) throw named("Runtime.MalformedHandlerName", "Bad handler");
  const base = path.resolve(root, folder, file);
  const found = ["", ".js", ".mjs", ".cjs"].map((end) => base + end).find((name) => fs.statSync(name, { throwIfNoEntry: false })?.isFile());
  const missing = `Error: Cannot find module '${path.join(folder, file)}'`;
  if (!found) throw named("Runtime.ImportModuleError", missing);
  let loaded;
  try {
    loaded = await import(pathToFileURL(found));
  } catch (error) {
    if (error instanceof SyntaxError) throw named("Runtime.UserCodeSyntaxError", String(error), error);
    const absent = ["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error?.code);
    throw absent ? named("Runtime.ImportModuleError", String(error), error) : error;
  }
  const get = (from) => names.reduce((value, name) => value?.[name], from);
  const made = get(loaded) ?? get(loaded.default);
  if (made === undefined) throw named("Runtime.HandlerNotFound", `${handler} is undefined or not exported`);
  if (typeof made !== "function") throw named("Runtime.HandlerNotFound", `${handler} is not a function`);
  return made;
}

// Invocations.

function parsed(text) {
  return text ? JSON.parse(text) : undefined;
}

function contextOf(headers, settle) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed(headers["lambda-runtime-client-context"]),
    identity: parsed(headers["lambda-runtime-cognito-identity"]),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: requestId,
    getRemainingTimeInMillis: () => deadline - Date.now(),
    done: (error, result) => settle(error, result),
    succeed: (result) => settle(null, result),
    fail: (error) => settle(error ?? new Error("handled")),
  };
}

function run(handler, event, headers) {
  return new Promise((resolve, reject) => {
    const end = (error, result) => (error === null || error === undefined ? resolve(result) : reject(error));
    const context = contextOf(headers, end);
    let waiting; // what a callback was given, until nothing is left to do
    const idle = () => (waiting ? end(...waiting) : resolve(null));
    process.once("beforeExit", idle);
    const done = (settled) => (...args) => {
      process.removeListener("beforeExit", idle);
      settled(...args);
    };
    [resolve, reject] = [done(resolve), done(reject)];
    const callback = (error, result) => {
      waiting ??= [error, result];
      if (error || !context.callbackWaitsForEmptyEventLoop) end(...waiting);
    };
    try {
      const result = handler(event, context, callback);
      if (typeof result?.then === "function") result.then(resolve, reject);
    } catch (error) {
      reject(error);
    }
  });
}

async function failed(error) {
  log("ERROR", json ? error : `Invoke Error \t${JSON.stringify(error instanceof Error ? plainError(error) : failure(error))}`);
  const type = error instanceof Error ? error.name : typeof error;
  await call("POST", `invocation/${requestId}/error`, JSON.stringify(failure(error)), {
    "Lambda-Runtime-Function-Error-Type": type,
  });
}

async function answer(handler, body, headers) {
  let text;
  try {
    const result = await run(handler, parsed(body), headers);
    text = JSON.stringify(result === undefined ? null : result) ?? "null";
  } catch (error) {
    return failed(error);
  }
  await call("POST", `invocation/${requestId}/response`, text);
}

async function main() {
  const input = fs.readFileSync(0, "utf8");
  if (!input) process.exit(1); // the emulator died
  const settings = JSON.parse(input);
  const sdk = path.join(process.env.LAMBDA_RUNTIME_DIR, "node_modules");
  process.env.NODE_PATH = [process.env.NODE_PATH, sdk].filter(Boolean).join(path.delimiter);
  module.Module._initPaths(); // reads NODE_PATH anew
  module.register(`data:text/javascript,${encodeURIComponent(SEARCH)}`, { data: process.env.NODE_PATH });
  const fatal = (name) => async (error) => {
    const told = name && error instanceof Error ? named(name, `${error.name}: ${error.message}`, error) : error;
    await (requestId ? failed(told) : endInit(told));
    process.exit(129);
  };
  process.on("uncaughtException", fatal());
  process.on("unhandledRejection", (reason) =>
    fatal()(named("Runtime.UnhandledPromiseRejection", String(reason), reason instanceof Error ? reason : undefined)),
  );
  let handler;
  try {
    handler = await load(settings.handler, settings.task_root);
    if (Number(process.versions.node.split(".")[0]) >= 24 && handler.length > 2)
      throw named(
        "Runtime.CallbackHandlerDeprecated",
        "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. " +
          "You need to modify this function to use a supported handler signature to use Node.js 24 or later.",
      );
  } catch (error) {
    return endInit(error);
  }
  for (;;) {
    const { headers, body } = await call("GET", "invocation/next");
    requestId = headers["lambda-runtime-aws-request-id"];
    process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"] ?? "";
    await answer(handler, body, headers);
  }
}

// ES modules do not look into NODE_PATH; on Lambda they find the SDK and layers all the same.
const SEARCH = `
import path from "node:path";
import { pathToFileURL } from "node:url";
let folders = [];
export async function initialize(data) { folders = data.split(path.delimiter).filter(Boolean); }
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND" || /^[./]|^[a-z]+:/.test(specifier)) throw error;
    for (const folder of folders) {
      try {
        return await next(specifier, { ...context, parentURL: pathToFileURL(path.join(folder, "..", "x.mjs")).href });
      } catch {}
    }
    throw error;
  }
}`;

main();
