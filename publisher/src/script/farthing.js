// Buttons and locked parts in a publisher's own page, paid with the reader's wallet:
//
//   <script type="module" src="/.well-known/farthing/farthing.js"></script>
//   <div data-farthing="/parts/2">… <a href="/parts/2">Read on</a></div>
//   <a data-farthing href="/downloads/atlas.pdf">The atlas</a>
//
// docs/how-to/publishing.md describes the attributes, the classes and the event.

const OPEN = new URL('open', import.meta.url);
/** The popups in which a reader pays, each with the part that it is for. */
const popups = new Map();

class Part {
  constructor(place) {
    this.place = place;
    this.isLink = place.matches('a[href]');
    this.url = new URL(this.isLink ? place.href : place.dataset.farthing, location.href).href;
    this.button = this.isLink ? place : document.createElement('a');
    this.label = place.dataset.farthingLabel ?? (this.isLink ? '{text} – {price}' : 'Pay {price}');
    this.text = place.textContent;
    this.button.addEventListener('click', (event) => this.tap(event));
    this.ask(fetch(this.url));
  }

  /** Takes the site's answer: what was bought, or the paywall's price. */
  async ask(asked) {
    try {
      const answer = await asked;
      if (answer.ok) await this.show(answer);
      else if (answer.status === 402) this.offer(await answer.json());
      else this.fail();
    } catch {
      this.fail();
    }
  }

  /** Shows what was bought: the publisher's own server sent it. */
  async show(answer) {
    const { place } = this;
    this.pay = null;
    if (this.isLink) {
      answer.body?.cancel();
      place.href = this.url;
      place.textContent = this.text;
      if (this.isPaid) location.assign(this.url);
      return;
    }
    const isHtml = answer.headers.get('content-type')?.startsWith('text/html');
    const content = await answer.text();
    if (isHtml) place.innerHTML = content;
    else place.textContent = content;
    place.dataset.farthingState = 'open';
    if (this.isPaid) {
      place.tabIndex = -1;
      place.focus({ preventScroll: true });
    }
    place.dispatchEvent(new CustomEvent('farthing:open', { bubbles: true }));
  }

  /** Shows the price on a button, which leads to the wallet, or else to the page that says how to pay. */
  offer({ price, pay }) {
    const { button, place } = this;
    this.pay = pay ? new URL(pay) : null;
    button.href = pay ? `${pay}&page=${encodeURIComponent(location.href.split('#')[0])}` : this.url;
    const words = { text: this.text, price };
    button.textContent = this.label.replace(/\{(text|price)\}/g, (_, name) => words[name]);
    button.classList.add('farthing-pay');
    place.dataset.farthingState = 'locked';
    if (!button.isConnected) place.append(button);
  }

  /** Nothing was answered, or a payment did not open the part: its own page says more. */
  fail() {
    const { button, place } = this;
    place.dataset.farthingState = 'failed';
    this.pay = null;
    button.href = this.url;
    if (!button.isConnected && this.isPaid) {
      button.textContent = this.url;
      place.append(button);
    }
  }

  /** Opens the wallet in a popup. Where the browser allows none, the button is a link to the wallet. */
  tap(event) {
    if (!this.pay || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (this.popup && !this.popup.closed) {
      event.preventDefault();
      this.popup.focus();
      return;
    }
    const { hash } = this.pay;
    const wallet = new URL('popup.html', this.pay);
    wallet.hash = `${hash.slice(1)}&part=1`;
    this.popup = open(wallet, '_blank', 'popup,width=420,height=720');
    if (!this.popup) return;
    event.preventDefault();
    popups.set(this.popup, { part: this, wallet: wallet.origin, url: new URLSearchParams(hash.slice(1)).get('url') });
  }

  /** Takes the receipt. The paywall gives its cookie, and leads to the part. */
  receive(receipt, url) {
    this.isPaid = true;
    const body = new URLSearchParams({ receipt, url });
    // The header stands in for the cookie where the browser keeps none.
    this.ask(fetch(OPEN, { method: 'POST', body, headers: { 'X-Cashu-Receipt': receipt } }));
  }
}

addEventListener('message', ({ data, origin, source }) => {
  const paying = popups.get(source);
  if (!paying || origin !== paying.wallet || data?.url !== paying.url) return;
  if (data.farthing !== 'receipt' && data.farthing !== 'cancelled') return;
  popups.delete(source);
  if (data.farthing === 'receipt') paying.part.receive(String(data.receipt), paying.url);
});

for (const place of document.querySelectorAll('[data-farthing]')) new Part(place);
