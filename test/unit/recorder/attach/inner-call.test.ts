import { callTargets, handsOverTo, isCheapToWatch } from '../../../../recorder/source/ebpf/attach/code/inner-call';

const at = 0x35500;
const inner = 0x352d0;

function wrapper(hex: string, address = at) {
  return { name: 'SSL_read_ex', address, body: Buffer.from(hex.replaceAll(' ', ''), 'hex') };
}

describe('handsOverTo', () => {
  it("finds the inner call of Debian's SSL_read_ex", () => {
    expect(handsOverTo(wrapper('48 83 ec 08 e8 c7 fd ff ff 31 d2 85 c0 0f 48 c2 48 83 c4 08 c3'))).toBe(inner);
  });

  it('finds it behind saved registers, as in BIO_write_ex', () => {
    expect(handsOverTo(wrapper('55 48 89 fd 53 48 89 d3 48 83 ec 08 e8 4f f9 ff ff', 0x108ce0))).toBe(0x108640);
  });

  it('finds a tail jump', () => {
    expect(handsOverTo(wrapper('f3 0f 1e fa e9 c7 fd ff ff'))).toBe(inner);
  });

  it.each([
    ['an argument was changed before the call', '48 83 ec 08 45 31 c0 e8 c4 fd ff ff'],
    ['something is tested before the call', '48 85 ff 74 10 e8 c7 fd ff ff'],
    ['the jump stays inside the function', 'eb 02 c3 c3 c3 c3'],
    ['an instruction is unknown', 'c5 f8 77 e8 c7 fd ff ff'],
    ['there is no call', '31 c0 c3'],
    ['there is no code', ''],
  ])('finds nothing where %s', (_, hex) => {
    expect(handsOverTo(wrapper(hex))).toBeUndefined();
  });
});

it('lists the calls and jumps that leave a function', () => {
  const body = wrapper('e8 00 01 00 00  e9 00 02 00 00  e9 f1 ff ff ff  e8 ec ff ff ff  c3');
  expect(callTargets(body)).toEqual([at + 0x105, at + 0x20a]);
});

it.each([
  ['55', true],
  ['f3 0f 1e fa 41 57', true],
  ['48 83 ec 08', false],
  ['0f 1f 44 00 00', false],
])('calls code that begins with %s cheap in every kernel: %s', (hex, cheap) => {
  expect(isCheapToWatch(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toBe(cheap);
});
