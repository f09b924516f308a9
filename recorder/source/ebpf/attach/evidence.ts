/** What the texts inside mapped files show of TLS. Each file is searched once, however many processes map it; bounded. */
import { readElf } from './elf/elf';
import { fileName, type MappedImage, openImage } from './mapped-image';
import { evidenceIn, type TlsSighting } from './tls-sightings';

/** Enough for every file of a large host; beyond it the oldest are searched again. */
const mostFiles = 8192;

export class Evidence {
  /** By the identity of the file. */
  private readonly known = new Map<string, readonly TlsSighting[]>();

  /** Nothing of a file that cannot be opened. */
  of(mapped: MappedImage): readonly TlsSighting[] {
    const opened = openImage(mapped);
    if (opened === undefined) return [];
    const { file } = opened;
    try {
      const known = this.known.get(file.identity);
      if (known !== undefined) return known;
      const reading = readElf(file.read);
      const found = reading.kind === 'elf' ? evidenceIn(fileName(mapped.path), reading.image) : [];
      this.remember(file.identity, found);
      return found;
    } finally {
      file.close();
    }
  }

  private remember(identity: string, found: readonly TlsSighting[]): void {
    const oldest = this.known.size >= mostFiles ? this.known.keys().next().value : undefined;
    if (oldest !== undefined) this.known.delete(oldest);
    this.known.set(identity, found);
  }
}
