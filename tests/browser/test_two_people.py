"""Somebody else's pages, and the forms on them, are not there."""

import re

import pytest

from tests.browser.looks import eyes
from tests.browser.places import FULL, NEW, PLACES

pytestmark = pytest.mark.anyio
PAGE = {"accept": "text/html"}
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")
_FORMS = """(html) => [...new DOMParser().parseFromString(html, "text/html").forms].map((form) => ({
    address: form.getAttribute("action"), method: form.method, body: new URLSearchParams(new FormData(form)).toString()}))"""
_LINKS = """(html) => [...new DOMParser().parseFromString(html, "text/html").querySelectorAll("[href], [src], [data-live]")]
    .map((one) => one.getAttribute("href") ?? one.getAttribute("src") ?? one.dataset.live)"""


async def test_every_address_of_one_person_is_no_page_for_the_other(full, browser):
    async with eyes(browser, full, axe=False) as looking:
        mine, other = looking.window(FULL).request, looking.window(NEW).request
        page = await looking.window(FULL).new_page()
        addresses, forms = {full.path(p) for p in PLACES if p.who == FULL and ID.search(full.path(p))}, {}
        for path in sorted(addresses):
            html = await (await mine.get(path, headers=PAGE)).text()
            addresses |= {link for link in await page.evaluate(_LINKS, html) if link.startswith("/") and ID.search(link)}
            found = [form | {"address": form["address"] or path} for form in await page.evaluate(_FORMS, html)]
            forms |= {form["address"]: form for form in found if form["method"] == "post"}
        searches = {path for path in addresses if path.startswith("/search")}
        seen = {path: (await other.get(path, headers=PAGE)).status for path in sorted(addresses - searches)}
        assert {path: status for path, status in seen.items() if status != 404} == {}
        assert searches
        assert not [path for path in searches if "Spring" in await (await other.get(path, headers=PAGE)).text()]
        sent = {where: await _sent(other, full, form) for where, form in forms.items() if ID.search(where)}
        assert {where: status for where, status in sent.items() if status != 404} == {}
        assert len(seen) > 60
        assert len(sent) > 20
        assert [(await mine.get(path, headers=PAGE)).status for path in ("/meetings/{meeting}".format(**full.ids),)] == [200]


async def _sent(other, full, form):
    headers = PAGE | {"origin": full.site.base, "content-type": "application/x-www-form-urlencoded"}
    answer = await other.post(form["address"], data=f"ruling=confirm&{form['body']}", headers=headers, max_redirects=0)
    return answer.status
