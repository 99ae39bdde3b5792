// The receipt goes back to the site: by a form that takes this tab there, or by a message to the page that opened the
// popup. Both go to the origin of the page that was bought, and nowhere else.

import { h } from './dom.js';
import { leave } from './router.js';

const OPEN = '/.well-known/farthing/open';
const KEPT = 'farthing-handed';

/** Whether this document is the popup of a site's page. */
const isPopup = () => 'popup' in document.documentElement.dataset && window.opener !== null;

/** Whether the receipt for an address was handed over in this tab before: then the site did not take it. */
export function handedBefore(url) {
  try {
    return sessionStorage.getItem(KEPT) === url;
  } catch {
    return false;
  }
}

/** Hands a receipt over. What the reader finds on coming back is a screen that pays nothing. */
export function handOver(url, receipt, asked) {
  try {
    sessionStorage.setItem(KEPT, url);
  } catch {
    // A site that refuses the receipt is told apart from a first visit a tap later.
  }
  leave('paid', asked);
  const { origin } = new URL(url);
  if (asked.part && isPopup()) {
    window.opener.postMessage({ farthing: 'receipt', url, receipt }, origin);
    window.close();
    return;
  }
  const form = h('form', { method: 'post', action: origin + OPEN, hidden: true },
    h('input', { type: 'hidden', name: 'receipt', value: receipt }),
    h('input', { type: 'hidden', name: 'url', value: url }),
    asked.page ? h('input', { type: 'hidden', name: 'page', value: asked.page }) : null);
  document.body.append(form);
  form.submit();
  form.remove();
}

/** The reader does not pay: back to the page. */
export function turnBack(url, asked) {
  if (asked.part && isPopup()) {
    window.opener.postMessage({ farthing: 'cancelled', url }, new URL(url).origin);
    window.close();
    return;
  }
  leave('home');
  location.assign(asked.page ?? url);
}
