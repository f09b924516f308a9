import { type E2eFacts, obstacle } from '../../support/e2e';

const able: E2eFacts = {
  capabilities: 0x1ffffffffffn,
  hasBtf: true,
  lockdown: 'none [integrity] confidentiality\n',
  isBuilt: true,
};

describe('what keeps end-to-end tests from running', () => {
  it('is nothing for root on a kernel with BTF', () => {
    expect(obstacle(able)).toBeNull();
  });

  it('is nothing for a user with exactly the four capabilities', () => {
    expect(obstacle({ ...able, capabilities: (1n << 2n) | (1n << 19n) | (1n << 38n) | (1n << 39n) })).toBeNull();
  });

  it.each([
    [{ capabilities: 0n }, 'not root, and without CAP_DAC_READ_SEARCH CAP_SYS_PTRACE CAP_PERFMON CAP_BPF'],
    [{ capabilities: 0x1ffffffffffn & ~(1n << 39n) }, 'not root, and without CAP_BPF'],
    [{ hasBtf: false }, 'the kernel carries no BTF (/sys/kernel/btf/vmlinux)'],
    [{ lockdown: 'none integrity [confidentiality]\n' }, 'kernel lockdown is at confidentiality'],
    [{ isBuilt: false }, 'not built: npm run build'],
  ])('names what is missing: %p', (difference, reason) => {
    expect(obstacle({ ...able, ...difference })).toBe(reason);
  });
});
