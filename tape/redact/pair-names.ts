/**
 * How objects say that one member names what another holds: `{"name": "DB_PASSWORD", "value": "x"}`, `{k, v}`,
 * `{"type": "password", "value": "x"}`; and how an object under a secret name holds its secret.
 */

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');

/** Members of an object under a secret name that hold the secret: `"token": {"type": "Bearer", "value": "x"}`. */
const secretMembers = new Set(
  words(`value val v raw plain plaintext plain_text cleartext clear_text clear unencrypted text data content key id
    string str stringvalue secret current new old hash encrypted base64 b64`),
);

/** Members that say what the value beside them is; `type` and `label` as in descriptions of forms. */
const naming = new Set(
  words(`name key k n header field fieldname field_name param parameter variable variablename var env attribute attr
    property prop id label type title option setting`),
);

/** Members that hold the value beside a name. */
const holding = new Set(
  words('value val v defaultvalue default_value default currentvalue current_value newvalue stringvalue'),
);

export function isSecretMember(name: string): boolean {
  return secretMembers.has(name.toLowerCase());
}

export function isNaming(name: string): boolean {
  return naming.has(name.toLowerCase());
}

export function isHolding(name: string): boolean {
  return holding.has(name.toLowerCase());
}
