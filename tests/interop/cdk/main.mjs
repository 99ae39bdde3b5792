// cdk-cli, the wallet of the Cashu Development Kit, against the mint's door for Cashu wallets.

import { runScenarios } from "../suite.mjs";
import "./money.mjs";
import "./locks.mjs";
import "./quotes.mjs";

await runScenarios();
process.exit();
