// A certified OpenID provider (https://github.com/panva/node-oidc-provider) for tests/web/test_sign_in.py, on loopback.
// Arguments: the folder it is installed in, a port, the client's redirect URL. It says "ready" when it listens, then does as each
// line of its standard input says, answers "done", and ends with the input.
console.info = console.warn = () => {}; // its notices about what is fit for a test alone
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [home, port, redirect] = process.argv.slice(2);
const from = (path) => import(pathToFileURL(`${home}/node_modules/${path}`));
const { default: Provider } = await from("oidc-provider/lib/index.js");
const { SignJWT, decodeJwt, exportJWK, generateKeyPair } = await from("jose/dist/node/esm/index.js");

const issuer = `http://127.0.0.1:${port}`;
let tampering = null; // how the next ID tokens differ from what the provider made
let handle;

// What a broken or hostile issuer could send: its own ID token, signed anew with its own key after a change.
const CHANGES = {
  nonce: (claims) => ({ ...claims, nonce: "of-another-sign-in" }),
  audience: (claims) => ({ ...claims, aud: "another-client" }),
  party: (claims) => ({ ...claims, aud: [claims.aud, "another-client"], azp: "another-client" }),
  issuer: (claims) => ({ ...claims, iss: "https://elsewhere.example" }),
  access: (claims) => ({ ...claims, at_hash: "AAAAAAAAAAAAAAAAAAAAAA" }),
  clock: (claims) => ({ ...claims, iat: claims.iat - 9000, exp: claims.iat - 5400 }),
  key: (claims) => claims,
};

async function fresh() {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), alg: "RS256", use: "sig", kid: `key-${Date.now()}-${Math.random()}` };
  const stranger = (await generateKeyPair("RS256", { extractable: true })).privateKey;
  const provider = new Provider(issuer, {
    clients: [{ client_id: "momentum", client_secret: "s3cret%of+the client/", redirect_uris: [redirect] }],
    jwks: { keys: [jwk] },
    cookies: { keys: ["of-a-test"] },
    conformIdTokenClaims: false,
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, email: `${sub}@example.org`, name: `${sub} of example.org` }) }),
    features: { devInteractions: { enabled: true } },
  });
  provider.use(async (ctx, next) => {
    await next();
    if (tampering && ctx.path === "/token" && ctx.body?.id_token) {
      const claims = CHANGES[tampering](decodeJwt(ctx.body.id_token));
      const signed = new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: jwk.kid });
      ctx.body = { ...ctx.body, id_token: await signed.sign(tampering === "key" ? stranger : privateKey) };
    }
  });
  handle = provider.callback();
}

await fresh();
createServer((request, response) => handle(request, response)).listen(Number(port), "127.0.0.1", () => console.log("ready"));
for await (const line of createInterface({ input: process.stdin })) {
  const [word, value] = line.split(" ");
  if (word === "rotate") await fresh();
  if (word === "tamper") tampering = value === "nothing" ? null : value;
  console.log("done");
}
process.exit(0);
