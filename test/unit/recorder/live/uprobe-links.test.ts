import type { UprobeRequest } from '../../../../native/binding';
import type { PlannedProbe } from '../../../../recorder/source/ebpf/attach/image-plan';
import type { PlannedImage } from '../../../../recorder/source/ebpf/attach/plan';
import { type ProbeReport, UprobeLinks } from '../../../../recorder/source/ebpf/live/uprobe-links';

const flavour = { holds: 'tls', symbols: 'exported', label: 'OpenSSL' } as const;
const image: PlannedImage = {
  path: '/lib/libssl.so.3',
  key: '08:01:7',
  label: 'libssl.so.3',
  library: 'openssl',
  flavour,
};

function probe(symbol: string, program: string, isReturn = false): PlannedProbe {
  return {
    program,
    symbol,
    fileOffset: symbol.length,
    isReturn,
    group: 'base',
    need: 'read',
    counter: 0,
    why: 'at the entry',
  };
}

const reading = [probe('SSL_read', 'rd_in'), probe('SSL_read', 'rd_out', true), probe('SSL_free', 'free')];

/** A kernel that refuses what the test says, and keeps a diary. */
function linksIn(refuses: (request: UprobeRequest) => boolean = () => false) {
  const diary: string[] = [];
  const reports: ProbeReport[] = [];
  const clock = { ms: 0 };
  let handles = 0;
  const links = new UprobeLinks({
    capture: {
      attachUprobe: (request) => {
        if (refuses(request)) {
          diary.push(`refused ${request.program}`);
          throw new Error('ENOMEM');
        }
        diary.push(`${request.program} for ${request.pid} at ${request.path}`);
        return ++handles;
      },
      detachUprobe: (handle) => diary.push(`let go of ${handle}`),
    },
    onReport: (report) => reports.push(report),
    nowMs: () => clock.ms,
  });
  const ensure = (pid: number, probes = reading, at = image) => links.ensure({ image: at, pid, probes });
  return { links, ensure, diary, reports, clock };
}

it('puts returns in place before entries, and each link once', () => {
  const { ensure, diary } = linksIn();
  expect([ensure(5), ensure(5)]).toEqual([
    { inPlace: true, isNew: true },
    { inPlace: true, isNew: false },
  ]);
  expect(diary).toEqual(['rd_out', 'rd_in', 'free'].map((program) => `${program} for 5 at /lib/libssl.so.3`));
});

it('holds an entry back as long as its return is refused, and nothing else', () => {
  const { ensure, diary } = linksIn(({ isReturn }) => isReturn);
  expect(ensure(5).inPlace).toBe(false);
  expect(diary).toEqual(['refused rd_out', 'free for 5 at /lib/libssl.so.3']);
});

it('asks again after a while, by the latest path, and reports both', () => {
  let refusing = true;
  const { ensure, diary, reports, clock } = linksIn(({ isReturn }) => isReturn && refusing);
  ensure(5);
  refusing = false;
  expect(ensure(5).inPlace).toBe(false); // not due yet
  clock.ms = 200;
  expect(ensure(5, reading, { ...image, path: '/proc/6/root/lib/libssl.so.3' })).toEqual({
    inPlace: true,
    isNew: true,
  });
  expect(diary.slice(2)).toEqual(
    ['rd_out', 'rd_in'].map((program) => `${program} for 5 at /proc/6/root/lib/libssl.so.3`),
  );
  expect(reports.map(({ outcome, symbols }) => `${outcome} ${symbols}`)).toEqual([
    'refused SSL_read',
    'attached SSL_free',
    'attached SSL_read',
    'attached SSL_read',
  ]);
});

it('gives up after a few times, and says so', () => {
  const { ensure, diary, reports, clock } = linksIn(() => true);
  for (let i = 0; i < 100; i++) {
    clock.ms += 60_000;
    ensure(5, [probe('SSL_free', 'free')]);
  }
  expect(diary).toHaveLength(6);
  expect(reports.map(({ detail }) => detail)).toEqual(['ENOMEM', 'ENOMEM, 6 times; not asked for again']);
});

it('lets go of what one process has, and keeps what others have', () => {
  const { links, ensure, diary } = linksIn();
  for (const pid of [5, 6]) ensure(pid, [probe('SSL_free', 'free')]);
  links.drop(image, 5);
  links.drop(image, 5);
  expect(diary.slice(2)).toEqual(['let go of 1']);
  expect(ensure(6, [probe('SSL_free', 'free')])).toEqual({ inPlace: true, isNew: false });
  expect(diary).toHaveLength(3);
});
