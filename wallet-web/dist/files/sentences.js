// What the library says about the money, in its English, by name. Other languages have "money.NAME" for each.

export const SENTENCES = {
  aside: 'Nothing was paid; payment {id} keeps {held} aside, since the site has seen the token: the wallet swaps it at a quiet moment.',
  before: 'It was paid for before; nothing was moved now.',
  damaged: 'What can still be read is saved, and what the recovery phrase covers is restored, into a new wallet.',
  disbelieved: 'Nothing was moved, and what it said was not believed.',
  disbelieved_open: 'What it said was not believed. Operation {id} is kept with all it needs to finish, and is tried again each time the wallet is opened.',
  failed: 'What was written before is kept, and an open operation is finished at the next start.',
  kept: 'Nothing is lost: operation {id} is kept and tried again each time the wallet is opened.',
  locked: 'Payment {id} holds {held} that only the site can spend. It can be shown to the site again; in {minutes} minutes it counts as paid.',
  lost: '{returned} went back into the balance. {lost} had been spent already, by another copy of this wallet, and left it.',
  nothing: 'Nothing was moved.',
  open: 'Nothing is lost: whether the site was paid is not known yet, and payment {id} holds {held}. In {minutes} minutes the wallet takes back what was not paid.',
  open_mint: 'Nothing is lost: payment {id} holds {held}. The mint has yet to say whether the site was paid, and what was not paid is taken back when the wallet is opened next.',
  silent: 'Nothing is lost: whether the mint did it is not known yet, and operation {id} is kept with all it needs.',
  taken: 'The mint reports the token as spent; {amount} is recorded as paid.',
  taken_back: 'Nothing was paid; {returned} went back into the balance.',
  taken_back_fee: 'Nothing was paid; {returned} went back into the balance, and the mint\'s fee was {fee}.',
  taken_lost: 'The mint reports the token as spent; {amount} is recorded as paid, and {lost} are lost: the site did not ask the mint for that change.',
  unchanged: 'It was left unchanged.',
  undone: 'Nothing was moved; {returned} went back into the balance.',
  wrong: 'Nothing was moved, and the wallet is unchanged.',
};

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The sentences as patterns: a `{name}` is an amount or a number, and no other text. */
const PATTERNS = Object.entries(SENTENCES).map(([name, sentence]) => {
  const parts = sentence.split(/\{(\w+)\}/).map((part, index) => (index % 2 ? `(?<${part}>[\\w.,]+(?: [\\w-]+)?)` : escape(part)));
  return [name, new RegExp(`^${parts.join('')}$`)];
});

/** Name and amounts of a sentence, or `null` if it is none of these. */
export function recognize(text) {
  for (const [name, pattern] of PATTERNS) {
    const found = pattern.exec(text);
    if (found) return { name, args: { ...found.groups } };
  }
  return null;
}
