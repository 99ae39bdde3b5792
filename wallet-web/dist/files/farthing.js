import { applyChanges, currencyDecimals, deleteDatabase, getRecord, openDatabase, scanTable, sendRequest } from './host.js';
import * as import1 from "./host.js"
import * as import2 from "./host.js"


/**
 * A wallet in this browser's storage.
 */
export class FarthingWallet {
    static __wrap(ptr) {
        const obj = Object.create(FarthingWallet.prototype);
        obj.__wbg_ptr = ptr;
        FarthingWalletFinalization.register(obj, obj.__wbg_ptr, obj);
        return obj;
    }
    __destroy_into_raw() {
        const ptr = this.__wbg_ptr;
        this.__wbg_ptr = 0;
        FarthingWalletFinalization.unregister(this);
        return ptr;
    }
    free() {
        const ptr = this.__destroy_into_raw();
        wasm.__wbg_farthingwallet_free(ptr, 0);
    }
    /**
     * What the account at a mint holds. The mint is told whose account it is.
     * @param {string | null} [mint]
     * @returns {Promise<string>}
     */
    account(mint) {
        var ptr0 = isLikeNone(mint) ? 0 : passStringToWasm0(mint, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
        var len0 = WASM_VECTOR_LEN;
        const ret = wasm.farthingwallet_account(this.__wbg_ptr, ptr0, len0);
        return ret;
    }
    /**
     * Adds a mint, or learns anew about a known one; an API token that is given replaces the one before.
     * @param {string} url
     * @param {string | null} [api_token]
     * @returns {Promise<string>}
     */
    addMint(url, api_token) {
        let ptr0, len0, ptr1, len1;
        try {
            ptr0 = passStringToWasm0(url, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len0 = WASM_VECTOR_LEN;
            ptr1 = isLikeNone(api_token) ? 0 : passStringToWasm0(api_token, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len1 = WASM_VECTOR_LEN;
        } catch (e) {
            if (ptr1) { wasm.__wbindgen_free(ptr1, len1 * 1, 1); }
            if (ptr0) { wasm.__wbindgen_free(ptr0, len0 * 1, 1); }
            throw e;
        }
        const ret = wasm.farthingwallet_addMint(this.__wbg_ptr, ptr0, len0, ptr1, len1);
        return ret;
    }
    /**
     * What the wallet holds, mint by mint.
     * @returns {Promise<string>}
     */
    balance() {
        const ret = wasm.farthingwallet_balance(this.__wbg_ptr);
        return ret;
    }
    /**
     * All budgets, by site.
     * @returns {Promise<string>}
     */
    budgets() {
        const ret = wasm.farthingwallet_budgets(this.__wbg_ptr);
        return ret;
    }
    /**
     * Ends operation `id`, which is open and does not come to an end by itself.
     * @param {number} id
     * @returns {Promise<string>}
     */
    cancel(id) {
        const ret = wasm.farthingwallet_cancel(this.__wbg_ptr, id);
        return ret;
    }
    /**
     * Asks the mints which of the tokens handed out are claimed. Returns the errors of those that could not
     * be asked.
     * @returns {Promise<string>}
     */
    checkSent() {
        const ret = wasm.farthingwallet_checkSent(this.__wbg_ptr);
        return ret;
    }
    /**
     * Makes a wallet of a phrase, under a passphrase if one is given. A phrase that is `restored` was written
     * down before: each mint is searched by it before it is used.
     * @param {string} name
     * @param {string} phrase
     * @param {boolean} restored
     * @param {string | null} [passphrase]
     * @returns {Promise<FarthingWallet>}
     */
    static create(name, phrase, restored, passphrase) {
        const val4 = +restored;
        let ptr0, len0, ptr1, len1, ptr2, len2;
        try {
            ptr0 = passStringToWasm0(name, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len0 = WASM_VECTOR_LEN;
            ptr1 = passStringToWasm0(phrase, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len1 = WASM_VECTOR_LEN;
            ptr2 = isLikeNone(passphrase) ? 0 : passStringToWasm0(passphrase, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len2 = WASM_VECTOR_LEN;
        } catch (e) {
            if (ptr2) { wasm.__wbindgen_free(ptr2, len2 * 1, 1); }
            if (ptr1) { wasm.__wbindgen_free(ptr1, len1 * 1, 1); }
            if (ptr0) { wasm.__wbindgen_free(ptr0, len0 * 1, 1); }
            throw e;
        }
        const ret = wasm.farthingwallet_create(ptr0, len0, ptr1, len1, val4, ptr2, len2);
        return ret;
    }
    /**
     * Writes the whole wallet into a file under a passphrase. Its money is listed as sent from then on, with
     * `memo` as its note.
     * @param {string} passphrase
     * @param {string | null} [memo]
     * @returns {Promise<string>}
     */
    export(passphrase, memo) {
        let ptr0, len0, ptr1, len1;
        try {
            ptr0 = passStringToWasm0(passphrase, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len0 = WASM_VECTOR_LEN;
            ptr1 = isLikeNone(memo) ? 0 : passStringToWasm0(memo, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len1 = WASM_VECTOR_LEN;
        } catch (e) {
            if (ptr1) { wasm.__wbindgen_free(ptr1, len1 * 1, 1); }
            if (ptr0) { wasm.__wbindgen_free(ptr0, len0 * 1, 1); }
            throw e;
        }
        const ret = wasm.farthingwallet_export(this.__wbg_ptr, ptr0, len0, ptr1, len1);
        return ret;
    }
    /**
     * Returns whether the wallet has a passphrase.
     * @returns {boolean}
     */
    hasPassphrase() {
        const ret = wasm.farthingwallet_hasPassphrase(this.__wbg_ptr);
        return ret !== 0;
    }
    /**
     * What happened, oldest first, and then what is open.
     * @returns {Promise<string>}
     */
    history() {
        const ret = wasm.farthingwallet_history(this.__wbg_ptr);
        return ret;
    }
    /**
     * Takes over what the file has that was looked at last.
     * @returns {Promise<string>}
     */
    import() {
        const ret = wasm.farthingwallet_import(this.__wbg_ptr);
        return ret;
    }
    /**
     * What a file has that another wallet was exported into. Nothing of it is taken yet, and nobody is asked.
     * @param {string} file
     * @param {string} passphrase
     * @returns {Promise<string>}
     */
    lookAtImport(file, passphrase) {
        let ptr0, len0, ptr1, len1;
        try {
            ptr0 = passStringToWasm0(file, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len0 = WASM_VECTOR_LEN;
            ptr1 = passStringToWasm0(passphrase, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len1 = WASM_VECTOR_LEN;
        } catch (e) {
            if (ptr1) { wasm.__wbindgen_free(ptr1, len1 * 1, 1); }
            if (ptr0) { wasm.__wbindgen_free(ptr0, len0 * 1, 1); }
            throw e;
        }
        const ret = wasm.farthingwallet_lookAtImport(this.__wbg_ptr, ptr0, len0, ptr1, len1);
        return ret;
    }
    /**
     * The mints, in the order of their addresses.
     * @returns {Promise<string>}
     */
    mints() {
        const ret = wasm.farthingwallet_mints(this.__wbg_ptr);
        return ret;
    }
    /**
     * What a link asks for. Nothing new is paid; a payment for the same page that was begun before is gone on
     * with, and then its end is in `payment`. With `receipt_refused` the receipt of an earlier payment is
     * left aside, because the site did not take it.
     * @param {string} request
     * @param {string} url
     * @param {string | null} [keysets]
     * @param {boolean | null} [receipt_refused]
     * @returns {Promise<string>}
     */
    offer(request, url, keysets, receipt_refused) {
        let ptr0, len0, ptr1, len1, ptr2, len2;
        try {
            ptr0 = passStringToWasm0(request, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len0 = WASM_VECTOR_LEN;
            ptr1 = passStringToWasm0(url, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len1 = WASM_VECTOR_LEN;
            ptr2 = isLikeNone(keysets) ? 0 : passStringToWasm0(keysets, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len2 = WASM_VECTOR_LEN;
        } catch (e) {
            if (ptr2) { wasm.__wbindgen_free(ptr2, len2 * 1, 1); }
            if (ptr1) { wasm.__wbindgen_free(ptr1, len1 * 1, 1); }
            if (ptr0) { wasm.__wbindgen_free(ptr0, len0 * 1, 1); }
            throw e;
        }
        const ret = wasm.farthingwallet_offer(this.__wbg_ptr, ptr0, len0, ptr1, len1, ptr2, len2, isLikeNone(receipt_refused) ? 0xFFFFFF : receipt_refused ? 1 : 0);
        return ret;
    }
    /**
     * Opens the wallet that is there. Call `recover` next.
     * @param {string} name
     * @param {string | null} [passphrase]
     * @returns {Promise<FarthingWallet>}
     */
    static open(name, passphrase) {
        let ptr0, len0, ptr1, len1;
        try {
            ptr0 = passStringToWasm0(name, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len0 = WASM_VECTOR_LEN;
            ptr1 = isLikeNone(passphrase) ? 0 : passStringToWasm0(passphrase, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len1 = WASM_VECTOR_LEN;
        } catch (e) {
            if (ptr1) { wasm.__wbindgen_free(ptr1, len1 * 1, 1); }
            if (ptr0) { wasm.__wbindgen_free(ptr0, len0 * 1, 1); }
            throw e;
        }
        const ret = wasm.farthingwallet_open(ptr0, len0, ptr1, len1);
        return ret;
    }
    /**
     * Pays what a link asks for. What nobody has `agreed` to is paid within the site's budget alone.
     * @param {string} request
     * @param {string} url
     * @param {string | null | undefined} keysets
     * @param {boolean} agreed
     * @param {boolean | null} [receipt_refused]
     * @returns {Promise<string>}
     */
    pay(request, url, keysets, agreed, receipt_refused) {
        const val4 = +agreed;
        let ptr0, len0, ptr1, len1, ptr2, len2;
        try {
            ptr0 = passStringToWasm0(request, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len0 = WASM_VECTOR_LEN;
            ptr1 = passStringToWasm0(url, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len1 = WASM_VECTOR_LEN;
            ptr2 = isLikeNone(keysets) ? 0 : passStringToWasm0(keysets, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len2 = WASM_VECTOR_LEN;
        } catch (e) {
            if (ptr2) { wasm.__wbindgen_free(ptr2, len2 * 1, 1); }
            if (ptr1) { wasm.__wbindgen_free(ptr1, len1 * 1, 1); }
            if (ptr0) { wasm.__wbindgen_free(ptr0, len0 * 1, 1); }
            throw e;
        }
        const ret = wasm.farthingwallet_pay(this.__wbg_ptr, ptr0, len0, ptr1, len1, ptr2, len2, val4, isLikeNone(receipt_refused) ? 0xFFFFFF : receipt_refused ? 1 : 0);
        return ret;
    }
    /**
     * The recovery phrase; of a wallet with a passphrase only for whoever gives it.
     * @param {string | null} [passphrase]
     * @returns {Promise<string>}
     */
    phrase(passphrase) {
        var ptr0 = isLikeNone(passphrase) ? 0 : passStringToWasm0(passphrase, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
        var len0 = WASM_VECTOR_LEN;
        const ret = wasm.farthingwallet_phrase(this.__wbg_ptr, ptr0, len0);
        return ret;
    }
    /**
     * What the token in a text is worth, and of which mint it is. Nothing is asked of anybody.
     * @param {string} token
     * @returns {Promise<string>}
     */
    receivePreview(token) {
        const ptr0 = passStringToWasm0(token, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
        const len0 = WASM_VECTOR_LEN;
        const ret = wasm.farthingwallet_receivePreview(this.__wbg_ptr, ptr0, len0);
        return ret;
    }
    /**
     * Takes in the token in a text.
     * @param {string} token
     * @returns {Promise<string>}
     */
    receive(token) {
        const ptr0 = passStringToWasm0(token, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
        const len0 = WASM_VECTOR_LEN;
        const ret = wasm.farthingwallet_receive(this.__wbg_ptr, ptr0, len0);
        return ret;
    }
    /**
     * Takes back what nobody has claimed of the token that operation `id` handed out.
     * @param {number} id
     * @returns {Promise<string>}
     */
    reclaim(id) {
        const ret = wasm.farthingwallet_reclaim(this.__wbg_ptr, id);
        return ret;
    }
    /**
     * Settles what was left open; with `all` also what takes long and what else waits for a quiet moment.
     * Returns a list of operations, each with an error if it is not done.
     * @param {boolean | null} [all]
     * @returns {Promise<string>}
     */
    recover(all) {
        const ret = wasm.farthingwallet_recover(this.__wbg_ptr, isLikeNone(all) ? 0xFFFFFF : all ? 1 : 0);
        return ret;
    }
    /**
     * Takes an amount, or all the wallet has at a mint, into the account there.
     * @param {string | null} [mint]
     * @param {string | null} [amount]
     * @returns {Promise<string>}
     */
    redeem(mint, amount) {
        let ptr0, len0, ptr1, len1;
        try {
            ptr0 = isLikeNone(mint) ? 0 : passStringToWasm0(mint, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len0 = WASM_VECTOR_LEN;
            ptr1 = isLikeNone(amount) ? 0 : passStringToWasm0(amount, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len1 = WASM_VECTOR_LEN;
        } catch (e) {
            if (ptr1) { wasm.__wbindgen_free(ptr1, len1 * 1, 1); }
            if (ptr0) { wasm.__wbindgen_free(ptr0, len0 * 1, 1); }
            throw e;
        }
        const ret = wasm.farthingwallet_redeem(this.__wbg_ptr, ptr0, len0, ptr1, len1);
        return ret;
    }
    /**
     * Takes a budget back: payments to the site are asked about again.
     * @param {string} site
     * @returns {Promise<void>}
     */
    removeBudget(site) {
        const ptr0 = passStringToWasm0(site, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
        const len0 = WASM_VECTOR_LEN;
        const ret = wasm.farthingwallet_removeBudget(this.__wbg_ptr, ptr0, len0);
        return ret;
    }
    /**
     * Searches a mint for what the phrase has there. `progress` is called with a JSON text after each answer.
     * @param {string | null} [mint]
     * @param {Function | null} [progress]
     * @returns {Promise<string>}
     */
    restore(mint, progress) {
        var ptr0 = isLikeNone(mint) ? 0 : passStringToWasm0(mint, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
        var len0 = WASM_VECTOR_LEN;
        const ret = wasm.farthingwallet_restore(this.__wbg_ptr, ptr0, len0, isLikeNone(progress) ? 0 : addToExternrefTable0(progress));
        return ret;
    }
    /**
     * Makes a token to hand over; for Cashu's wallets if `cashu` is true.
     * @param {string | null | undefined} mint
     * @param {string} amount
     * @param {string | null} [memo]
     * @param {boolean | null} [cashu]
     * @returns {Promise<string>}
     */
    send(mint, amount, memo, cashu) {
        let ptr0, len0, ptr1, len1, ptr2, len2;
        try {
            ptr0 = isLikeNone(mint) ? 0 : passStringToWasm0(mint, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len0 = WASM_VECTOR_LEN;
            ptr1 = passStringToWasm0(amount, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len1 = WASM_VECTOR_LEN;
            ptr2 = isLikeNone(memo) ? 0 : passStringToWasm0(memo, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len2 = WASM_VECTOR_LEN;
        } catch (e) {
            if (ptr2) { wasm.__wbindgen_free(ptr2, len2 * 1, 1); }
            if (ptr1) { wasm.__wbindgen_free(ptr1, len1 * 1, 1); }
            if (ptr0) { wasm.__wbindgen_free(ptr0, len0 * 1, 1); }
            throw e;
        }
        const ret = wasm.farthingwallet_send(this.__wbg_ptr, ptr0, len0, ptr1, len1, ptr2, len2, isLikeNone(cashu) ? 0xFFFFFF : cashu ? 1 : 0);
        return ret;
    }
    /**
     * The tokens that were handed out, oldest first, in the state last known.
     * @returns {Promise<string>}
     */
    sent() {
        const ret = wasm.farthingwallet_sent(this.__wbg_ptr);
        return ret;
    }
    /**
     * Allows payments to a site without asking, in the unit of a mint: up to `per_item` each, and up to
     * `per_day` in a UTC day. Replaces what was set before.
     * @param {string} site
     * @param {string | null | undefined} mint
     * @param {string} per_item
     * @param {string} per_day
     * @returns {Promise<string>}
     */
    setBudget(site, mint, per_item, per_day) {
        let ptr0, len0, ptr1, len1, ptr2, len2, ptr3, len3;
        try {
            ptr0 = passStringToWasm0(site, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len0 = WASM_VECTOR_LEN;
            ptr1 = isLikeNone(mint) ? 0 : passStringToWasm0(mint, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len1 = WASM_VECTOR_LEN;
            ptr2 = passStringToWasm0(per_item, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len2 = WASM_VECTOR_LEN;
            ptr3 = passStringToWasm0(per_day, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len3 = WASM_VECTOR_LEN;
        } catch (e) {
            if (ptr3) { wasm.__wbindgen_free(ptr3, len3 * 1, 1); }
            if (ptr2) { wasm.__wbindgen_free(ptr2, len2 * 1, 1); }
            if (ptr1) { wasm.__wbindgen_free(ptr1, len1 * 1, 1); }
            if (ptr0) { wasm.__wbindgen_free(ptr0, len0 * 1, 1); }
            throw e;
        }
        const ret = wasm.farthingwallet_setBudget(this.__wbg_ptr, ptr0, len0, ptr1, len1, ptr2, len2, ptr3, len3);
        return ret;
    }
    /**
     * Protects the wallet with a passphrase, changes it, or takes it away. Other tabs have to open it again.
     * @param {string | null} [_new]
     * @returns {Promise<void>}
     */
    setPassphrase(_new) {
        var ptr0 = isLikeNone(_new) ? 0 : passStringToWasm0(_new, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
        var len0 = WASM_VECTOR_LEN;
        const ret = wasm.farthingwallet_setPassphrase(this.__wbg_ptr, ptr0, len0);
        return ret;
    }
    /**
     * What was paid, by site and UTC day, on the last `days` days or ever; oldest first.
     * @param {number | null} [days]
     * @returns {Promise<string>}
     */
    spent(days) {
        const ret = wasm.farthingwallet_spent(this.__wbg_ptr, isLikeNone(days) ? Number.MAX_SAFE_INTEGER : (days) >>> 0);
        return ret;
    }
    /**
     * Does the one thing of upkeep that is due, if anything is. To be called where the wallet is opened without a
     * payment and nothing was left open. Returns what it did: `nothing`, `learned`, `swapped` or `withdrew`.
     * @returns {Promise<string>}
     */
    tend() {
        const ret = wasm.farthingwallet_tend(this.__wbg_ptr);
        return ret;
    }
    /**
     * Takes an amount out of the account into the wallet.
     * @param {string | null | undefined} mint
     * @param {string} amount
     * @returns {Promise<string>}
     */
    withdraw(mint, amount) {
        let ptr0, len0, ptr1, len1;
        try {
            ptr0 = isLikeNone(mint) ? 0 : passStringToWasm0(mint, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len0 = WASM_VECTOR_LEN;
            ptr1 = passStringToWasm0(amount, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            len1 = WASM_VECTOR_LEN;
        } catch (e) {
            if (ptr1) { wasm.__wbindgen_free(ptr1, len1 * 1, 1); }
            if (ptr0) { wasm.__wbindgen_free(ptr0, len0 * 1, 1); }
            throw e;
        }
        const ret = wasm.farthingwallet_withdraw(this.__wbg_ptr, ptr0, len0, ptr1, len1);
        return ret;
    }
}
if (Symbol.dispose) FarthingWallet.prototype[Symbol.dispose] = FarthingWallet.prototype.free;

/**
 * Deletes the database `name` with all that is in it: what the phrase does not find again is lost.
 * @param {string} name
 * @returns {Promise<void>}
 */
export function deleteWallet(name) {
    const ptr0 = passStringToWasm0(name, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
    const len0 = WASM_VECTOR_LEN;
    const ret = wasm.deleteWallet(ptr0, len0);
    return ret;
}

/**
 * Makes a new recovery phrase of twelve words.
 * @returns {string}
 */
export function newPhrase() {
    let deferred2_0;
    let deferred2_1;
    try {
        const ret = wasm.newPhrase();
        var ptr1 = ret[0];
        var len1 = ret[1];
        if (ret[3]) {
            ptr1 = 0; len1 = 0;
            throw takeFromExternrefTable0(ret[2]);
        }
        deferred2_0 = ptr1;
        deferred2_1 = len1;
        return getStringFromWasm0(ptr1, len1);
    } finally {
        wasm.__wbindgen_free(deferred2_0, deferred2_1, 1);
    }
}

/**
 * Reads a payment request without a wallet: `{"amount", "unit", "mints", "what"}`. How many decimals the unit
 * has, its mint says.
 * @param {string} request
 * @returns {string}
 */
export function readRequest(request) {
    let deferred3_0;
    let deferred3_1;
    try {
        const ptr0 = passStringToWasm0(request, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
        const len0 = WASM_VECTOR_LEN;
        const ret = wasm.readRequest(ptr0, len0);
        var ptr2 = ret[0];
        var len2 = ret[1];
        if (ret[3]) {
            ptr2 = 0; len2 = 0;
            throw takeFromExternrefTable0(ret[2]);
        }
        deferred3_0 = ptr2;
        deferred3_1 = len2;
        return getStringFromWasm0(ptr2, len2);
    } finally {
        wasm.__wbindgen_free(deferred3_0, deferred3_1, 1);
    }
}

/**
 * Returns whether the database `name` has a wallet: `none`, `open`, or `sealed` by a passphrase.
 * @param {string} name
 * @returns {Promise<string>}
 */
export function walletState(name) {
    const ptr0 = passStringToWasm0(name, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
    const len0 = WASM_VECTOR_LEN;
    const ret = wasm.walletState(ptr0, len0);
    return ret;
}
function __wbg_get_imports() {
    const import0 = {
        __proto__: null,
        __wbg_Error_208446807d0d1e30: function(arg0, arg1) {
            const ret = Error(getStringFromWasm0(arg0, arg1));
            return ret;
        },
        __wbg___wbindgen_is_falsy_d864b623500ae65d: function(arg0) {
            const ret = !arg0;
            return ret;
        },
        __wbg___wbindgen_is_function_741ff2bb612836f5: function(arg0) {
            const ret = typeof(arg0) === 'function';
            return ret;
        },
        __wbg___wbindgen_is_undefined_be5b34249ff1fc15: function(arg0) {
            const ret = arg0 === undefined;
            return ret;
        },
        __wbg___wbindgen_number_get_934b640d0889af78: function(arg0, arg1) {
            const obj = arg1;
            const ret = typeof(obj) === 'number' ? obj : undefined;
            getDataViewMemory0().setFloat64((arg0 >>> 0) + 8 * 1, isLikeNone(ret) ? 0 : ret, true);
            getDataViewMemory0().setInt32((arg0 >>> 0) + 4 * 0, !isLikeNone(ret), true);
        },
        __wbg___wbindgen_string_get_7ce8eee7fd327545: function(arg0, arg1) {
            const obj = arg1;
            const ret = typeof(obj) === 'string' ? obj : undefined;
            var ptr1 = isLikeNone(ret) ? 0 : passStringToWasm0(ret, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            var len1 = WASM_VECTOR_LEN;
            getDataViewMemory0().setInt32((arg0 >>> 0) + 4 * 1, len1, true);
            getDataViewMemory0().setInt32((arg0 >>> 0) + 4 * 0, ptr1, true);
        },
        __wbg___wbindgen_throw_4c88d8bf264fd984: function(arg0, arg1) {
            throw new Error(getStringFromWasm0(arg0, arg1));
        },
        __wbg__wbg_cb_unref_09736879a3f67559: function(arg0) {
            arg0._wbg_cb_unref();
        },
        __wbg_applyChanges_bc1eca538e0b1bb1: function() { return handleError(function (arg0, arg1, arg2, arg3) {
            const ret = applyChanges(arg0, arg1, arg2, arg3);
            return ret;
        }, arguments); },
        __wbg_assign_6b6bb30388088072: function(arg0, arg1) {
            const ret = Object.assign(arg0, arg1);
            return ret;
        },
        __wbg_call_a410eb4b59ed5965: function() { return handleError(function (arg0, arg1, arg2) {
            const ret = arg0.call(arg1, arg2);
            return ret;
        }, arguments); },
        __wbg_currencyDecimals_41a56e64eec91df5: function(arg0, arg1) {
            const ret = currencyDecimals(getStringFromWasm0(arg0, arg1));
            return isLikeNone(ret) ? 0xFFFFFF : ret;
        },
        __wbg_deleteDatabase_4d0768a956edd3c5: function() { return handleError(function (arg0, arg1) {
            const ret = deleteDatabase(getStringFromWasm0(arg0, arg1));
            return ret;
        }, arguments); },
        __wbg_farthingwallet_new: function(arg0) {
            const ret = FarthingWallet.__wrap(arg0);
            return ret;
        },
        __wbg_from_eac91875c8a5ffa4: function(arg0) {
            const ret = Array.from(arg0);
            return ret;
        },
        __wbg_getRandomValues_8b6f1f663e6f188d: function() { return handleError(function (arg0, arg1) {
            globalThis.crypto.getRandomValues(getArrayU8FromWasm0(arg0, arg1));
        }, arguments); },
        __wbg_getRecord_02247db02a2458c7: function() { return handleError(function (arg0, arg1, arg2, arg3, arg4) {
            const ret = getRecord(arg0, getStringFromWasm0(arg1, arg2), getStringFromWasm0(arg3, arg4));
            return ret;
        }, arguments); },
        __wbg_get_d7176cfb76d71114: function(arg0, arg1) {
            const ret = arg0[arg1 >>> 0];
            return ret;
        },
        __wbg_get_unchecked_e6325ad374eff861: function(arg0, arg1) {
            const ret = arg0[arg1 >>> 0];
            return ret;
        },
        __wbg_instanceof_Error_74e3cca0c4a69161: function(arg0) {
            let result;
            try {
                result = arg0 instanceof Error;
            } catch (_) {
                result = false;
            }
            const ret = result;
            return ret;
        },
        __wbg_length_186163212ffe79c3: function(arg0) {
            const ret = arg0.length;
            return ret;
        },
        __wbg_length_b03a0fabb109b1e9: function(arg0) {
            const ret = arg0.length;
            return ret;
        },
        __wbg_message_43d8c8f1d543a349: function(arg0) {
            const ret = arg0.message;
            return ret;
        },
        __wbg_name_d1fa514fdca6a975: function(arg0) {
            const ret = arg0.name;
            return ret;
        },
        __wbg_new_13de428334042d26: function(arg0) {
            const ret = new Uint8Array(arg0);
            return ret;
        },
        __wbg_new_37eb45aaf5eeb820: function() {
            const ret = new Array();
            return ret;
        },
        __wbg_new_787b9fb330d55d78: function(arg0, arg1) {
            const ret = new Error(getStringFromWasm0(arg0, arg1));
            return ret;
        },
        __wbg_new_from_slice_b8daf545a41c6aa0: function(arg0, arg1) {
            const ret = new Uint8Array(getArrayU8FromWasm0(arg0, arg1));
            return ret;
        },
        __wbg_new_typed_e09da9dae6ee5935: function(arg0, arg1) {
            try {
                var state0 = {a: arg0, b: arg1};
                var cb0 = (arg0, arg1) => {
                    const a = state0.a;
                    state0.a = 0;
                    try {
                        return wasm_bindgen_923e54c2cd03e___convert__closures_____invoke___js_sys_21d3100113306b0c___Function_fn_wasm_bindgen_923e54c2cd03e___JsValue_____wasm_bindgen_923e54c2cd03e___sys__Undefined___js_sys_21d3100113306b0c___Function_fn_wasm_bindgen_923e54c2cd03e___JsValue_____wasm_bindgen_923e54c2cd03e___sys__Undefined_______true_(a, state0.b, arg0, arg1);
                    } finally {
                        state0.a = a;
                    }
                };
                const ret = new Promise(cb0);
                return ret;
            } finally {
                state0.a = 0;
            }
        },
        __wbg_now_463ac581d2fc7ea3: function() {
            const ret = Date.now();
            return ret;
        },
        __wbg_of_e7ea0fcd535c1444: function(arg0, arg1) {
            const ret = Array.of(arg0, arg1);
            return ret;
        },
        __wbg_openDatabase_bfbbbde4f6df124f: function() { return handleError(function (arg0, arg1) {
            const ret = openDatabase(getStringFromWasm0(arg0, arg1));
            return ret;
        }, arguments); },
        __wbg_parse_c3f72b5a24f83c01: function() { return handleError(function (arg0, arg1) {
            const ret = JSON.parse(getStringFromWasm0(arg0, arg1));
            return ret;
        }, arguments); },
        __wbg_prototypesetcall_13162965d1fe7aa3: function(arg0, arg1, arg2) {
            Uint8Array.prototype.set.call(getArrayU8FromWasm0(arg0, arg1), arg2);
        },
        __wbg_push_c9f4893fc209f768: function(arg0, arg1) {
            const ret = arg0.push(arg1);
            return ret;
        },
        __wbg_queueMicrotask_1e8503a8a690f0a3: function(arg0) {
            const ret = arg0.queueMicrotask;
            return ret;
        },
        __wbg_queueMicrotask_4a1a4d8dd332373b: function(arg0) {
            queueMicrotask(arg0);
        },
        __wbg_resolve_dbf78ab4942478b0: function(arg0) {
            const ret = Promise.resolve(arg0);
            return ret;
        },
        __wbg_scanTable_f75a721447c91698: function() { return handleError(function (arg0, arg1, arg2) {
            const ret = scanTable(arg0, getStringFromWasm0(arg1, arg2));
            return ret;
        }, arguments); },
        __wbg_sendRequest_9b575bf1cf0c7cc2: function() { return handleError(function (arg0, arg1, arg2, arg3, arg4, arg5, arg6) {
            const ret = sendRequest(getStringFromWasm0(arg0, arg1), arg2 === 0 ? undefined : getStringFromWasm0(arg2, arg3), arg4 === 0 ? undefined : getStringFromWasm0(arg4, arg5), arg6 >>> 0);
            return ret;
        }, arguments); },
        __wbg_static_accessor_GLOBAL_THIS_003ee833af9699fc: function() {
            const ret = typeof globalThis === 'undefined' ? undefined : globalThis;
            return isLikeNone(ret) ? 0 : addToExternrefTable0(ret);
        },
        __wbg_static_accessor_GLOBAL_e4293fb22cbe77da: function() {
            const ret = typeof global === 'undefined' ? undefined : global;
            return isLikeNone(ret) ? 0 : addToExternrefTable0(ret);
        },
        __wbg_static_accessor_SELF_53bb20457401453d: function() {
            const ret = typeof self === 'undefined' ? undefined : self;
            return isLikeNone(ret) ? 0 : addToExternrefTable0(ret);
        },
        __wbg_static_accessor_WINDOW_b5e0810bfecb7feb: function() {
            const ret = typeof window === 'undefined' ? undefined : window;
            return isLikeNone(ret) ? 0 : addToExternrefTable0(ret);
        },
        __wbg_then_656f253a5dd7d8ea: function(arg0, arg1, arg2) {
            const ret = arg0.then(arg1, arg2);
            return ret;
        },
        __wbg_then_e3f7f2d365708be8: function(arg0, arg1) {
            const ret = arg0.then(arg1);
            return ret;
        },
        __wbindgen_generic_0000000000000001: function(arg0, arg1) {
            // Cast intrinsic for `Closure(Closure { owned: true, function: Function { arguments: [Externref], shim_idx: 51, ret: Result(Unit), inner_ret: Some(Result(Unit)) }, mutable: true }) -> Externref`.
            const ret = makeMutClosure(arg0, arg1, wasm_bindgen_923e54c2cd03e___convert__closures_____invoke___wasm_bindgen_923e54c2cd03e___JsValue__core_84191437197a5fe3___result__Result_____wasm_bindgen_923e54c2cd03e___JsError___true_);
            return ret;
        },
        __wbindgen_generic_0000000000000002: function(arg0, arg1) {
            // Cast intrinsic for `Ref(String) -> Externref`.
            const ret = getStringFromWasm0(arg0, arg1);
            return ret;
        },
        __wbindgen_init_externref_table: function() {
            const table = wasm.__wbindgen_externrefs;
            table.set(0, undefined);
            table.set(1024, undefined);
            table.set(1025, null);
            table.set(1026, true);
            table.set(1027, false);
        },
    };
    return {
        __proto__: null,
        "./farthing_bg.js": import0,
        "./host.js": import1,
        "./host.js": import2,
    };
}

function wasm_bindgen_923e54c2cd03e___convert__closures_____invoke___wasm_bindgen_923e54c2cd03e___JsValue__core_84191437197a5fe3___result__Result_____wasm_bindgen_923e54c2cd03e___JsError___true_(arg0, arg1, arg2) {
    const ret = wasm.wasm_bindgen_923e54c2cd03e___convert__closures_____invoke___wasm_bindgen_923e54c2cd03e___JsValue__core_84191437197a5fe3___result__Result_____wasm_bindgen_923e54c2cd03e___JsError___true_(arg0, arg1, arg2);
    if (ret[1]) {
        throw takeFromExternrefTable0(ret[0]);
    }
}

function wasm_bindgen_923e54c2cd03e___convert__closures_____invoke___js_sys_21d3100113306b0c___Function_fn_wasm_bindgen_923e54c2cd03e___JsValue_____wasm_bindgen_923e54c2cd03e___sys__Undefined___js_sys_21d3100113306b0c___Function_fn_wasm_bindgen_923e54c2cd03e___JsValue_____wasm_bindgen_923e54c2cd03e___sys__Undefined_______true_(arg0, arg1, arg2, arg3) {
    wasm.wasm_bindgen_923e54c2cd03e___convert__closures_____invoke___js_sys_21d3100113306b0c___Function_fn_wasm_bindgen_923e54c2cd03e___JsValue_____wasm_bindgen_923e54c2cd03e___sys__Undefined___js_sys_21d3100113306b0c___Function_fn_wasm_bindgen_923e54c2cd03e___JsValue_____wasm_bindgen_923e54c2cd03e___sys__Undefined_______true_(arg0, arg1, arg2, arg3);
}

const FarthingWalletFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(ptr => wasm.__wbg_farthingwallet_free(ptr, 1));

function addToExternrefTable0(obj) {
    const idx = wasm.__externref_table_alloc();
    wasm.__wbindgen_externrefs.set(idx, obj);
    return idx;
}

const CLOSURE_DTORS = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(state => wasm.__wbindgen_destroy_closure(state.a, state.b));

function getArrayU8FromWasm0(ptr, len) {
    ptr = ptr >>> 0;
    return getUint8ArrayMemory0().subarray(ptr / 1, ptr / 1 + len);
}

let cachedDataViewMemory0 = null;
function getDataViewMemory0() {
    if (cachedDataViewMemory0 === null || cachedDataViewMemory0.buffer.detached === true || (cachedDataViewMemory0.buffer.detached === undefined && cachedDataViewMemory0.buffer !== wasm.memory.buffer)) {
        cachedDataViewMemory0 = new DataView(wasm.memory.buffer);
    }
    return cachedDataViewMemory0;
}

function getStringFromWasm0(ptr, len) {
    ptr = ptr >>> 0;
    return decodeText(getUint8ArrayMemory0().subarray(ptr, ptr + len));
}

let cachedUint8ArrayMemory0 = null;
function getUint8ArrayMemory0() {
    if (cachedUint8ArrayMemory0 === null || cachedUint8ArrayMemory0.byteLength === 0) {
        cachedUint8ArrayMemory0 = new Uint8Array(wasm.memory.buffer);
    }
    return cachedUint8ArrayMemory0;
}

function handleError(f, args) {
    try {
        return f.apply(this, args);
    } catch (e) {
        const idx = addToExternrefTable0(e);
        wasm.__wbindgen_exn_store(idx);
    }
}

function isLikeNone(x) {
    return x === undefined || x === null;
}

function makeMutClosure(arg0, arg1, f) {
    const state = { a: arg0, b: arg1, cnt: 1 };
    const real = (...args) => {

        // First up with a closure we increment the internal reference
        // count. This ensures that the Rust closure environment won't
        // be deallocated while we're invoking it.
        state.cnt++;
        const a = state.a;
        state.a = 0;
        try {
            return f(a, state.b, ...args);
        } finally {
            state.a = a;
            real._wbg_cb_unref();
        }
    };
    real._wbg_cb_unref = () => {
        if (--state.cnt === 0) {
            wasm.__wbindgen_destroy_closure(state.a, state.b);
            state.a = 0;
            CLOSURE_DTORS.unregister(state);
        }
    };
    CLOSURE_DTORS.register(real, state, state);
    return real;
}

function passStringToWasm0(arg, malloc, realloc) {
    if (realloc === undefined) {
        const buf = cachedTextEncoder.encode(arg);
        const ptr = malloc(buf.length, 1) >>> 0;
        getUint8ArrayMemory0().subarray(ptr, ptr + buf.length).set(buf);
        WASM_VECTOR_LEN = buf.length;
        return ptr;
    }

    let len = arg.length;
    let ptr = malloc(len, 1) >>> 0;

    const mem = getUint8ArrayMemory0();

    let offset = 0;

    for (; offset < len; offset++) {
        const code = arg.charCodeAt(offset);
        if (code > 0x7F) break;
        mem[ptr + offset] = code;
    }
    if (offset !== len) {
        if (offset !== 0) {
            arg = arg.slice(offset);
        }
        ptr = realloc(ptr, len, len = offset + arg.length * 3, 1) >>> 0;
        const view = getUint8ArrayMemory0().subarray(ptr + offset, ptr + len);
        const ret = cachedTextEncoder.encodeInto(arg, view);

        offset += ret.written;
        ptr = realloc(ptr, len, offset, 1) >>> 0;
    }

    WASM_VECTOR_LEN = offset;
    return ptr;
}

function takeFromExternrefTable0(idx) {
    const value = wasm.__wbindgen_externrefs.get(idx);
    wasm.__externref_table_dealloc(idx);
    return value;
}

let cachedTextDecoder = new TextDecoder('utf-8', { ignoreBOM: true });
cachedTextDecoder.decode();
const MAX_SAFARI_DECODE_BYTES = 2146435072;
let numBytesDecoded = 0;
function decodeText(bytes) {
    numBytesDecoded += bytes.length;
    if (numBytesDecoded >= MAX_SAFARI_DECODE_BYTES) {
        cachedTextDecoder = new TextDecoder('utf-8', { ignoreBOM: true });
        cachedTextDecoder.decode();
        numBytesDecoded = bytes.length;
    }
    return cachedTextDecoder.decode(bytes);
}

const cachedTextEncoder = new TextEncoder();

if (!('encodeInto' in cachedTextEncoder)) {
    cachedTextEncoder.encodeInto = function (arg, view) {
        const buf = cachedTextEncoder.encode(arg);
        view.set(buf);
        return {
            read: arg.length,
            written: buf.length
        };
    };
}

let WASM_VECTOR_LEN = 0;

let wasmModule, wasmInstance, wasm;
function __wbg_finalize_init(instance, module) {
    wasmInstance = instance;
    wasm = instance.exports;
    wasmModule = module;
    cachedDataViewMemory0 = null;
    cachedUint8ArrayMemory0 = null;
    wasm.__wbindgen_start();
    return wasm;
}

async function __wbg_load(module, imports) {
    if (typeof Response === 'function' && module instanceof Response) {
        if (!module.ok) {
            throw new Error(`failed to fetch Wasm: ${module.status} ${module.statusText} fetching '${module.url}'`);
        }

        if (typeof WebAssembly.instantiateStreaming === 'function') {
            try {
                return await WebAssembly.instantiateStreaming(module, imports);
            } catch (e) {
                const validResponse = expectedResponseType(module.type);

                if (validResponse && module.headers.get('Content-Type') !== 'application/wasm') {
                    console.warn("`WebAssembly.instantiateStreaming` failed because your server does not serve Wasm with `application/wasm` MIME type. Falling back to `WebAssembly.instantiate` which is slower. Original error:\n", e);

                } else { throw e; }
            }
        }

        const bytes = await module.arrayBuffer();
        return await WebAssembly.instantiate(bytes, imports);
    } else {
        const instance = await WebAssembly.instantiate(module, imports);

        if (instance instanceof WebAssembly.Instance) {
            return { instance, module };
        } else {
            return instance;
        }
    }

    function expectedResponseType(type) {
        switch (type) {
            case 'basic': case 'cors': case 'default': return true;
        }
        return false;
    }
}

function initSync(module) {
    if (wasm !== undefined) return wasm;


    if (module !== undefined) {
        if (Object.getPrototypeOf(module) === Object.prototype) {
            ({module} = module)
        } else {
            console.warn('using deprecated parameters for `initSync()`; pass a single object instead')
        }
    }

    const imports = __wbg_get_imports();
    if (!(module instanceof WebAssembly.Module)) {
        module = new WebAssembly.Module(module);
    }
    const instance = new WebAssembly.Instance(module, imports);
    return __wbg_finalize_init(instance, module);
}

let __wbg_init_promise;
async function __wbg_init(module_or_path) {
    if (wasm !== undefined) return wasm;
    if (__wbg_init_promise === undefined) {
        __wbg_init_promise = __wbg_init_once(module_or_path);
        __wbg_init_promise.catch(() => { __wbg_init_promise = undefined; });
    }
    return __wbg_init_promise;
}

async function __wbg_init_once(module_or_path) {

    if (module_or_path !== undefined) {
        if (Object.getPrototypeOf(module_or_path) === Object.prototype) {
            ({module_or_path} = module_or_path)
        } else {
            console.warn('using deprecated parameters for the initialization function; pass a single object instead')
        }
    }


    const imports = __wbg_get_imports();

    if (typeof module_or_path === 'string' || (typeof Request === 'function' && module_or_path instanceof Request) || (typeof URL === 'function' && module_or_path instanceof URL)) {
        module_or_path = fetch(module_or_path);
    }

    const { instance, module } = await __wbg_load(await module_or_path, imports);

    return __wbg_finalize_init(instance, module);
}

export { initSync, __wbg_init as default };
