/** Which proxy stands before an address, as Node-RED's own http request has it. */
import assert from "node:assert/strict";
import { proxyFinder } from "../../../src/web/proxy";

const found = (url: string, settings: Parameters<typeof proxyFinder>[0], env = {}): string | undefined =>
  proxyFinder(settings, env)(new URL(url))?.url.host;

describe("a proxy", () => {
  it("is that of the settings, for both schemes, but for its exceptions", () => {
    const settings = {
      url: "http://proxy:3128",
      noproxy: ["localhost", ".intern", "ten:8443", "*.star.org"],
    };
    assert.equal(found("https://regards.org", settings), "proxy:3128");
    assert.equal(found("http://regards.org", settings), "proxy:3128");
    for (const excepted of ["http://localhost", "http://a.intern", "https://ten:8443", "http://a.star.org"]) {
      assert.equal(found(excepted, settings), undefined, excepted);
    }
    assert.equal(found("https://ten", settings), "proxy:3128");
  });

  it("is that of the environment where the settings name none", () => {
    const env = { https_proxy: "secure:1", HTTP_PROXY: "http://plain:2", no_proxy: "here, .there" };
    assert.equal(found("https://regards.org", undefined, env), "secure:1");
    assert.equal(found("http://regards.org", undefined, env), "plain:2");
    assert.equal(found("http://a.there", undefined, env), undefined);
    assert.equal(found("http://regards.org", undefined, {}), undefined);
  });

  it("has a login in the settings or in its address", () => {
    const of = (settings: Parameters<typeof proxyFinder>[0], env = {}) => {
      const { user, password } = proxyFinder(settings, env)(new URL("http://r")) ?? {};
      return [user, password];
    };
    assert.deepEqual(of({ url: "http://p", noproxy: [], user: "u", password: "w" }), ["u", "w"]);
    assert.deepEqual(of(undefined, { http_proxy: "http://u:w%40@p" }), ["u", "w@"]);
  });
});
