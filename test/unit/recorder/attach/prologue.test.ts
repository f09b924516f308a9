import { entryPlace, returnPlace } from '../../../../recorder/source/ebpf/attach/code/prologue';

function code(...instructions: readonly string[]): Uint8Array {
  return Buffer.from(instructions.join('').replaceAll(' ', ''), 'hex');
}

const endbr = 'f3 0f 1e fa';
const pushRbp = '55';
const subRsp = '48 83 ec 18';
const loadCanary = '64 48 8b 04 25 28 00 00 00';
const storeCanary = '48 89 44 24 08';
const xorEax = '31 c0';
const testEdx = '85 d2';
const js = '78 2f';
const nop = '90';
const longNop = '0f 1f 44 00 00';
const movRdiFromRsi = '48 89 f7';
const call = 'e8 00 01 00 00';
const vex = 'c5 f8 77';
const ret = 'c3';

describe('an entry probe', () => {
  it.each([
    ['sits on a push at the entry', code(pushRbp, ret), 0],
    ['passes endbr64', code(endbr, pushRbp, ret), 4],
    [
      'passes what writes no argument, up to a branch',
      code(subRsp, loadCanary, storeCanary, xorEax, testEdx, js, ret),
      22,
    ],
    ['sits on a branch behind a test (SSL_free)', code('48 85 ff', '0f 84 97 03 00 00', ret), 3],
    ['takes a push behind a long nop, as older kernels single-step the nop', code(longNop, pushRbp, ret), 5],
    ['takes a long nop where nothing better comes', code(longNop, movRdiFromRsi, pushRbp), 0],
    ['takes a one-byte nop', code(endbr, nop, subRsp), 4],
    ['sits on a tail jump', code(endbr, 'e9 00 01 00 00'), 4],
  ])('%s', (_, body, offset) => {
    expect(entryPlace(body)).toMatchObject({ offset });
    expect(entryPlace(body).emulated).not.toBe('no');
  });

  it.each([
    ['where an argument register was written before', code(subRsp, movRdiFromRsi, pushRbp)],
    ['where an instruction is unknown', code(subRsp, vex, pushRbp)],
    ['where a call comes first: emulating it would break shadow stacks', code(subRsp, call, pushRbp)],
    ['where the function returns first', code(xorEax, ret, pushRbp)],
    ['where nothing is known', new Uint8Array(0)],
    [
      'where a long nop follows stores that may lie below the stack pointer',
      code('48 89 7c 24 f8', longNop, movRdiFromRsi),
    ],
  ])('stays at the true entry %s', (_, body) => {
    expect(entryPlace(body)).toMatchObject({ offset: 0, emulated: 'no' });
  });

  it('stays at the true entry where a later jump leads back to the better place', () => {
    const loop = code(subRsp, testEdx, js, nop, nop, 'eb f6'); // jmp back to `js`, at 6
    expect(entryPlace(loop)).toMatchObject({ offset: 0 });
    expect(entryPlace(code(subRsp, testEdx, js, nop, nop, 'eb fe'))).toMatchObject({ offset: 6 });
  });

  it('stays at the true entry where a 32-bit branch leads back', () => {
    const back = code(subRsp, testEdx, js, nop, '0f 85 f7 ff ff ff'); // jne back to `js`
    expect(entryPlace(back)).toMatchObject({ offset: 0 });
  });

  it('looks at no more than the beginning', () => {
    const long = code(...Array.from({ length: 60 }, () => xorEax), pushRbp);
    expect(entryPlace(long)).toMatchObject({ offset: 0 });
  });
});

describe('a return probe', () => {
  it.each([
    ['sits on a push at the entry', code(pushRbp), 0, 'always'],
    ['passes endbr64', code(endbr, pushRbp), 4, 'always'],
    ['passes endbr64 and a long nop to a push', code(endbr, longNop, pushRbp), 9, 'always'],
    ['takes the long nop where no push follows', code(endbr, longNop, subRsp, pushRbp), 4, 'recent'],
    ['sits on a branch at the entry', code('78 10'), 0, 'always'],
    ['never moves behind a change of the stack pointer', code(subRsp, pushRbp), 0, 'no'],
    ['never moves behind another instruction, though it leaves the stack alone', code(testEdx, pushRbp), 0, 'no'],
    ['never moves behind a push', code('48 55', pushRbp), 0, 'no'],
    ['stays at the entry of unknown code', code(vex, pushRbp), 0, 'no'],
    ['stays at the entry where nothing can be read', new Uint8Array(0), 0, 'no'],
  ])('%s', (_, body, offset, emulated) => {
    expect(returnPlace(body)).toMatchObject({ offset, emulated });
  });
});

it('says where a probe sits and why', () => {
  expect(entryPlace(code(pushRbp)).why).toBe('at the entry, on an emulated push');
  expect(entryPlace(code('48 85 ff', '0f 84 97 03 00 00')).why).toBe('at +3, on an emulated branch');
  expect(entryPlace(code(vex)).why).toBe('at the entry, single-stepped');
});

it('never puts a return probe behind an instruction that touches the stack, whatever the bytes', () => {
  let state = 7;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
  const harmless = /^(?:f30f1efa|0f1f4400|6690|90)*/;
  for (let round = 0; round < 20_000; round++) {
    const pieces = [endbr, longNop, nop, pushRbp, subRsp, testEdx, '66 90'].map((piece) => piece.replaceAll(' ', ''));
    const hex = Array.from({ length: 4 }, () => pieces[next() % pieces.length]).join('');
    const { offset } = returnPlace(Buffer.from(hex, 'hex'));
    const before = hex.slice(0, offset * 2).replaceAll('0f1f440000', '0f1f4400');
    expect(harmless.exec(before)?.[0]).toBe(before);
  }
});
