/** One login for everybody, in time, and once more only where it helps. */
import assert from "node:assert/strict";
import { Account, type Login } from "../../../src/web/account";
import { WebTrouble } from "../../../src/web/troubles";

const HOUR = 3_600_000;

describe("an account", () => {
  let now = 0;
  let logins: ((login: Login | WebTrouble) => void)[] = [];
  let asked = 0;
  beforeEach(() => {
    now = 0;
    logins = [];
    asked = 0;
  });
  const account = (): Account =>
    new Account(
      () =>
        new Promise((resolve, reject) => {
          asked += 1;
          logins.push((login) => (login instanceof WebTrouble ? reject(login) : resolve(login)));
        }),
      () => now,
    );
  const answer = (login: Login | WebTrouble): void => logins.shift()?.(login);

  it("logs in once for all who wait", async () => {
    const of = account();
    const all = Promise.all(Array.from({ length: 100 }, () => of.token()));
    answer({ token: "t", lifetime: HOUR });
    assert.deepEqual([...new Set(await all)], ["t"]);
    assert.equal(asked, 1);
  });

  it("asks for another one when a tenth is left", async () => {
    const of = account();
    const first = of.token();
    answer({ token: "t1", lifetime: HOUR });
    await first;
    now = 0.89 * HOUR;
    assert.equal(await of.token(), "t1");
    now = 0.91 * HOUR;
    const second = of.token();
    answer({ token: "t2", lifetime: HOUR });
    assert.equal(await second, "t2");
  });

  it("renews a token that worked and is refused now, once for all who notice", async () => {
    const of = account();
    const first = of.token();
    answer({ token: "t1", lifetime: HOUR });
    of.worked(await first);
    const all = Promise.all([of.renew("t1", 401), of.renew("t1", 401)]);
    answer({ token: "t2", lifetime: HOUR });
    assert.deepEqual(await all, ["t2", "t2"]);
    assert.equal(await of.renew("t1", 401), "t2");
    assert.equal(asked, 2);
  });

  it("does not log in again for a token that never worked", async () => {
    const of = account();
    const first = of.token();
    answer({ token: "t1", lifetime: HOUR });
    await first;
    assert.equal(await of.renew("t1", 401), undefined);
    assert.equal(asked, 1);
  });

  it("logs in again for what is not allowed once in five minutes, not for each file", async () => {
    const of = account();
    const first = of.token();
    answer({ token: "t1", lifetime: HOUR });
    of.worked(await first);
    const renewed = of.renew("t1", 403);
    answer({ token: "t2", lifetime: HOUR });
    of.worked((await renewed) ?? "");
    assert.equal(await of.renew("t2", 403), undefined);
    now += 300_001;
    const again = of.renew("t2", 403);
    answer({ token: "t3", lifetime: HOUR });
    assert.equal(await again, "t3");
  });

  it("does not try a refused login again at once: accounts are locked for less", async () => {
    const of = account();
    const refused = new WebTrouble("login-account", { user: "u", word: "ACCOUNT_LOCKED" });
    const first = of.token();
    answer(refused);
    await assert.rejects(first, refused);
    await assert.rejects(of.token(), refused);
    assert.equal(asked, 1);
    now += 30_001;
    const again = of.token();
    answer({ token: "t", lifetime: HOUR });
    assert.equal(await again, "t");
  });

  it("tries again at once where REGARDS was only out of reach", async () => {
    const of = account();
    const first = of.token();
    answer(new WebTrouble("unreachable", { code: "ECONNREFUSED" }));
    await assert.rejects(first);
    const again = of.token();
    answer({ token: "t", lifetime: HOUR });
    assert.equal(await again, "t");
  });
});
