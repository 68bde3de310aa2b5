// Loaded before aimock: it answers and calls nobody, and it ends with the test
// that started it, whose end closes its standard input.
"use strict";

const { Socket } = require("node:net");

Socket.prototype.connect = function () {
    throw new Error("nothing may be reached from here");
};

process.stdin.resume().on("end", () => process.exit());
