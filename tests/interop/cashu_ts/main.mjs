// @cashu/cashu-ts against the mint's door for Cashu wallets.

import { injectWebSocketImpl } from "@cashu/cashu-ts";
import { WebSocket } from "ws";

import { stopAll } from "../farthing.mjs";
import { runScenarios } from "../suite.mjs";
import "./money.mjs";
import "./locks.mjs";
import "./melting.mjs";
import "./notices.mjs";
import "./replay.mjs";
import "./keysets.mjs";
import "./paywall.mjs";

injectWebSocketImpl(WebSocket);
await runScenarios();
await stopAll();
process.exit();
