import { spokenLine, type Talk } from '../../../../../support/applications';

const first = 'http://schemas.xmlsoap.org/soap/envelope/';
const second = 'http://www.w3.org/2003/05/soap-envelope';
const envelope = (body: string, namespace = first) =>
  `<?xml version="1.0"?>\n<!-- an envelope --><s:Envelope xmlns:s="${namespace}"><s:Header><t:Body xmlns:t="urn:x" /></s:Header><s:Body id="1">${body}</s:Body></s:Envelope>`;
const plainHead = (body: string, namespace = first) =>
  envelope(body, namespace).replace(/<s:Header>.*<\/s:Header>/, '');
const price = plainHead('\n <!-- <No> --> <m:GetPrice xmlns:m="urn:shop"><item>A-1</item></m:GetPrice>');
const fault = plainHead('<s:Fault><faultcode>s:Server</faultcode></s:Fault>');
const xml = (talk: Talk): Talk => ({ type: 'text/xml; charset=utf-8', answerType: 'text/xml', asks: price, ...talk });

it.each<[string, Talk]>([
  [
    'call urn:shop#GetPrice -> 200',
    { headers: [['SOAPAction', '"urn:shop#GetPrice"']], answers: plainHead('<r:GetPriceResponse/>') },
  ],
  ['call GetPrice -> 200', { headers: [['SOAPAction', '""']] }],
  ['call GetPrice -> 200', {}],
  [
    'call urn:GetPrice -> 200',
    { type: 'application/soap+xml; charset=utf-8; action="urn:GetPrice"', asks: plainHead('<GetPrice/>', second) },
  ],
  ['call GetPrice -> Fault !', { answers: fault, status: 500 }],
  ['call GetPrice -> Fault !', { answers: fault }],
  ['call GetPrice -> 200', { answers: plainHead('<r:Price><r:Fault/></r:Price>') }],
  ['call GetPrice -> no answer', { answers: null }],
  ['call GetPrice -> 200', { asks: envelope('<GetPrice/>') }],
  [
    'call GetPrice -> 200',
    { asks: plainHead('<GetPrice><Header/></GetPrice>').replace('<s:Body', '<s:Header/><s:Body') },
  ],
  [
    'call GetPrice -> 200',
    {
      type: 'multipart/related; boundary=b; type="application/xop+xml"',
      asks: `--b\r\nContent-Type: application/xop+xml\r\n\r\n${price}\r\n--b--`,
    },
  ],
])('says %s', (line, talk) => {
  expect(spokenLine(xml(talk))).toBe(`SOAP: ${line}`);
});

it.each<[string, Talk]>([
  ['other XML', { asks: '<order><Envelope/></order>' }],
  ['an envelope of something else', { asks: price.replaceAll(first, 'urn:mine') }],
  ['an envelope without a body', { asks: `<s:Envelope xmlns:s="${first}"></s:Envelope>` }],
  ['an empty body', { asks: plainHead('').replace('</s:Body></s:Envelope>', '') }],
  ['JSON', { type: 'application/json', asks: { text: price } }],
  ['another method', { method: 'PUT' }],
])('says nothing of %s', (_, talk) => {
  expect(spokenLine(xml(talk))).toBeNull();
});
