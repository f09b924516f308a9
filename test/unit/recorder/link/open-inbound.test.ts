import { OpenInbound } from '../../../../recorder/link/open-inbound';

const open = { startedAtUs: 0, source: { requestHeaders: () => null } };

it('names the one inbound exchange that is open in the process', () => {
  const inbound = new OpenInbound();
  inbound.begin(1, 7, open);
  inbound.begin(2, 8, open);
  expect(inbound.sole(1)).toEqual({ number: 7, method: 'sole-inbound' });
});

it('names none where none is open', () => {
  const inbound = new OpenInbound();
  inbound.begin(1, 7, open);
  inbound.end(1, 7);
  inbound.end(1, 7);
  expect([inbound.sole(1), inbound.sole(2)]).toEqual([null, null]);
});

it('names none where there are several, and the one that is left', () => {
  const inbound = new OpenInbound();
  inbound.begin(1, 7, open);
  inbound.begin(1, 8, open);
  expect(inbound.sole(1)).toBe(null);
  inbound.end(1, 7);
  expect(inbound.sole(1)?.number).toBe(8);
});
