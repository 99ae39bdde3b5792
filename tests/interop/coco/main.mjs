// @cashu/coco-core, on which mobile and web wallets are built, against the mint's door for Cashu wallets.

import { runScenarios } from "../suite.mjs";
import "./money.mjs";

await runScenarios();
process.exit();
