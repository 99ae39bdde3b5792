// Sites that may be paid without a tap, and what was spent.

import { call } from '../core.js';
import { address, byId, h } from '../dom.js';
import { day, say, t } from '../i18n.js';
import { AMOUNT, back, field, form, leads, list, mintField, run, value } from '../parts.js';
import { again, replace } from '../router.js';

/** The spans that can be looked at, in days; nothing is all. */
const SPANS = ['7', '30', '365', ''];

/** Budgets by site. */
export async function budgets({ site = null, mint = null, then = null }) {
  const [all, mints] = [await call('budgets'), await call('mints')];
  return {
    title: t('budgets.title'),
    nodes: [
      h('p', {}, t('budgets.why')),
      list('budgets', all.map(row), t('budgets.none')),
      mints.length === 0 ? null : [
        h('h2', {}, t('budgets.new')),
        form('budget', t('budgets.go'), [
          field('budget-site', t('budgets.site'), { type: 'url', inputmode: 'url', required: true, maxlength: 300, placeholder: 'https://…', value: site }),
          mintField(mints, mint, t('budgets.unit')),
          field('budget-item', t('budgets.item'), AMOUNT),
          field('budget-day', t('budgets.day'), AMOUNT, t('budgets.day_hint')),
        ], async () => {
          await call('setBudget', value('budget-site'), value('mint'), value('budget-item'), value('budget-day'));
          await (then ? replace('pay', then) : again());
        }),
      ],
      then ? leads('go-on', t('pay.go_on'), 'pay', then) : back(),
    ],
  };
}

/** What a budget allows. */
export const budgetLine = ({ perItemShown, perDayShown }) => say('budgets.line', { item: perItemShown, day: perDayShown });

function row(budget) {
  const answer = h('div', { class: 'answer', 'aria-live': 'polite' });
  return h('li', { 'data-site': budget.site },
    h('p', {}, h('strong', {}, address(budget.site))),
    h('p', { class: 'soft' }, budgetLine(budget)),
    h('button', { type: 'button', class: 'remove', onclick: ({ currentTarget }) => run(currentTarget, answer, async () => {
      await call('removeBudget', budget.site);
      await again();
    }) }, t('budgets.remove')),
    answer);
}

/** What was spent, by day and site. */
export async function spending({ days = SPANS[1] }) {
  const rows = await call('spent', days === '' ? null : Number(days));
  return {
    title: t('spending.title'),
    nodes: [
      h('div', { class: 'field' }, h('label', { for: 'days' }, t('spending.span')),
        h('select', { id: 'days', onchange: () => replace('spending', { days: byId('days').value }) },
          SPANS.map((span) => h('option', { value: span, selected: span === days }, t(`spending.days_${span || 'all'}`))))),
      rows.length === 0 ? h('p', { id: 'spent', class: 'soft' }, t('spending.none')) : h('table', { id: 'spent' },
        h('thead', {}, h('tr', {}, [t('spending.day'), t('spending.site'), t('amount')].map((name) => h('th', { scope: 'col' }, name)))),
        h('tbody', {}, rows.reverse().map((each) => h('tr', { 'data-site': each.site },
          h('td', {}, day(each.day)), h('td', {}, address(each.site)), h('td', { class: 'number' }, each.shown))))),
      back(),
    ],
  };
}
