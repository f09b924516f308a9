/** What the agent takes for granted: the numbers of the virtual machine's functions, by the headers of a JDK; and its file. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readElf } from '../../recorder/source/ebpf/attach/elf/elf';
import { openFile } from '../../recorder/source/ebpf/attach/elf/elf-file';
import { planImage } from '../../recorder/source/ebpf/attach/image-plan';
import { readAnswer } from '../../recorder/source/ebpf/attach/java/judge';
import { describeWithJava } from '../support/java';
import { repository, temporaryFolder } from '../support/programs';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const source = (name: string) => readFileSync(join(repository, 'native/java', name), 'utf8');

/** `JNI_GET_FIELD_ID` is GetFieldID in the header, `TI_GET_TAG` GetTag. */
const irregular: Readonly<Record<string, string>> = {
  JNI_GET_METHOD_ID: 'GetMethodID',
  JNI_GET_FIELD_ID: 'GetFieldID',
  JNI_NEW_STRING_UTF: 'NewStringUTF',
};

function inHeader(name: string): string {
  const words = name.split('_').slice(1);
  return irregular[name] ?? words.map((word) => word.charAt(0) + word.slice(1).toLowerCase()).join('');
}

describeWithJava('the headers of Java', ({ home, version }) => {
  const include = join(home, 'include');
  // A JRE has none.
  (existsSync(join(include, 'jvmti.h')) ? it : it.skip)('have every function where the agent looks for it', () => {
    const numbers = [...source('jvm.h').matchAll(/^\t((?:JNI|TI|VM|CAN)_\w+) = (\d+),$/gm)];
    expect(numbers.length).toBeGreaterThan(30);
    const tables = { JNI: 'JNINativeInterface_', TI: 'jvmtiInterface_1_', VM: 'JNIInvokeInterface_' } as const;
    const lines = numbers.map(([, name = '']) => {
      const [kind = ''] = name.split('_');
      if (kind === 'CAN') return `bit(${name.toLowerCase()})`;
      return `printf("%zu\\n", offsetof(struct ${tables[kind as keyof typeof tables]}, ${inHeader(name)}) / 8);`;
    });
    const program = folder.file(`numbers-${version}`);
    folder.write(
      `numbers-${version}.c`,
      `#include <jvmti.h>
      #include <stddef.h>
      #include <stdio.h>
      #include <string.h>
      #define bit(name) do { jvmtiCapabilities c; memset(&c, 0, sizeof(c)); c.name = 1; unsigned char *p = (void *)&c; \\
        for (int i = 0; i < 128; i++) if (p[i / 8] >> i % 8 & 1) printf("%d\\n", i); } while (0);
      int main() { ${lines.join('\n')} return 0; }`,
    );
    const includes = ['-I', include, '-I', join(include, 'linux')];
    execFileSync('cc', [...includes, '-o', program, `${program}.c`], { stdio: 'pipe' });
    const said = execFileSync(program, { encoding: 'utf8' }).trim().split('\n');
    expect(said).toEqual(numbers.map(([, , number]) => number));
  });
});

it('is a file that needs no other, and counts its probes', () => {
  const file = openFile(join(repository, 'dist/wiretape-java.so'));
  const reading = file === undefined ? undefined : readElf(file.read);
  if (file === undefined || reading?.kind !== 'elf') throw new Error('the agent was not built');
  expect(reading.image.needed).toEqual([]);
  const [plan] = planImage(reading.image);
  file.close();
  expect(plan?.refusals).toEqual([]);
  expect(plan?.probes.map(({ symbol }) => symbol).sort()).toEqual([
    'wiretape_jsse_opens',
    'wiretape_jsse_received',
    'wiretape_jsse_sent',
  ]);
  for (const { counter } of plan?.probes ?? []) expect(counter).toBeGreaterThan(0);
});

it('fails by codes that the recorder has words for', () => {
  const codes = [...source('agent.c').matchAll(/^\t(\w+) = (1\d\d),/gm)].map(([, name, code]) => [name, code] as const);
  expect(codes.length).toBeGreaterThan(5);
  const answers = codes.map(([name, code]) => [name, readAnswer(`0\nreturn code: ${code}\n`)] as const);
  const known: Readonly<Record<string, string>> = { ANOTHER: 'another', NO_TOOLS: 'too-early' };
  for (const [name, answer] of answers) expect(answer.kind).toBe(known[name ?? ''] ?? 'refused');
  const classes = [...source('hooks.c').matchAll(/^\t\{ "sun\/security\/ssl\/(\w+)"/gm)].map(([, name]) => name);
  const told = classes.map((_, i) => readAnswer(`0\nreturn code: ${120 + i}\n`));
  expect(told).toEqual(
    classes.map((name) => ({
      kind: 'refused',
      reason: `its class sun.security.ssl.${name} is not as in the versions that are known`,
    })),
  );
});
