"use strict";
// Preloaded into jsii's Node.js. A provider binding's index requires each of its 1,500 or so modules, which is most
// of a synth; here each is required when it is first asked for. What the modules do is unchanged.
const fs = require("node:fs");
const Module = require("node:module");

const INDEX = /[\\/]node_modules[\\/]@cdktf[\\/]provider-[^\\/]+[\\/]lib[\\/]index\.js$/;
const REQUIRE = /^exports\.(\w+) = require\(("[^"]+")\);$/gm;
const LAZY =
  'Object.defineProperty(exports, "$1", { configurable: true, enumerable: true, get() { ' +
  "const value = require($2); " +
  'Object.defineProperty(exports, "$1", { configurable: true, enumerable: true, writable: true, value }); ' +
  "return value; } });";

const load = Module._extensions[".js"];
Module._extensions[".js"] = function (module, filename) {
  if (!INDEX.test(filename)) {
    return load(module, filename);
  }
  return module._compile(fs.readFileSync(filename, "utf8").replace(REQUIRE, LAZY), filename);
};
