/**
 * What the page does by itself: filter, search, and the keys. Without it everything is on the page and can be read. Reads
 * the page, never makes elements of text.
 */
export const script = `
'use strict';
{
  const cases = Array.from(document.querySelectorAll('.case'));
  const search = document.querySelector('#search');
  const shown = document.querySelector('#shown');
  const texts = new Map();
  function textOf(element) {
    if (!texts.has(element)) texts.set(element, element.textContent.toLowerCase());
    return texts.get(element);
  }
  function filter() {
    const state = document.querySelector('input[name=state]:checked').value;
    const words = search.value.toLowerCase().split(/\\s+/).filter((word) => word !== '');
    let count = 0;
    for (const element of cases) {
      const fits = state === 'all' || element.dataset.states.split(' ').includes(state) || (state === 'fail' && element.dataset.states.startsWith('error'));
      element.hidden = !fits || !words.every((word) => textOf(element).includes(word));
      if (!element.hidden) count += Number(element.dataset.count);
    }
    shown.textContent = count + ' shown';
  }
  function step(by) {
    const open = cases.filter((element) => !element.hidden);
    const at = open.findIndex((element) => element.contains(document.activeElement));
    const next = open[at < 0 ? (by > 0 ? 0 : open.length - 1) : Math.min(open.length - 1, Math.max(0, at + by))];
    if (next === undefined) return;
    next.querySelector('summary').focus();
    next.scrollIntoView({ block: 'nearest' });
  }
  const keys = {
    '/': () => search.focus(),
    j: () => step(1),
    k: () => step(-1),
    x: () => {
      const visible = cases.filter((element) => !element.hidden);
      const open = visible.some((element) => !element.open);
      for (const element of visible) element.open = open;
    },
  };
  for (const radio of document.querySelectorAll('input[name=state]')) radio.addEventListener('change', filter);
  search.addEventListener('input', filter);
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === search) {
      if (event.key !== 'Escape') return;
      search.value = '';
      search.blur();
      filter();
      return;
    }
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
  filter();
}
`;
