import { jsonText } from '../../../cli/terminal';

it.each(['\u001b[31m', '\u009b31m', '\u007f', '\u202eevil', '\u2066x\u2069', '\u200f', '\ufeff', '\u2028', '\u0000'])(
  'JSON of %j can be printed as it is, and means the same',
  (text) => {
    const printed = jsonText({ [text]: [text, 'é €'] });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
    expect(printed).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/);
    expect(printed).toContain('é €');
    expect(JSON.parse(printed)).toEqual({ [text]: [text, 'é €'] });
  },
);
