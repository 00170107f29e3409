"""The report's page: sections as HTML that holds its plots and pictures in itself and runs no script."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from app.bench.sheet import Sheet
from app.errors import MissingPackage

TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg"}


@dataclass(frozen=True)
class Figure:
    """A plot or picture as `content`, of the type that `suffix` names; command: what plays it again."""

    content: bytes
    suffix: str
    caption: str
    command: str = ""

    @property
    def address(self) -> str:
        """The picture itself as an address."""
        return f"data:{TYPES[self.suffix]};base64,{base64.b64encode(self.content).decode()}"


@dataclass(frozen=True)
class Section:
    """What the page says of one folder. command: makes the results again; facts: name and value, such as
    seeds and versions; details: tables folded away at first.
    """

    title: str
    command: str
    facts: Sequence[tuple[str, str]]
    sheets: Sequence[Sheet]
    details: Sequence[Sheet] = ()
    plots: Sequence[Figure] = ()
    pictures: Sequence[Figure] = ()


def check_page() -> None:
    """Raises MissingPackage where the page could not be made."""
    if find_spec("jinja2") is None:
        raise MissingPackage("Jinja2", "handover bench report", "pip install 'handover[bench]'")


def page(sections: Sequence[Section]) -> str:
    """The page; whatever texts hold is shown as it is, never taken for HTML."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_PAGE).render(sections=sections)


_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>handover: what the benchmarks say</title>
<style>
body{font:16px/1.45 sans-serif;max-width:76rem;margin:2rem auto;padding:0 1.2rem;color:#222}
h2{border-top:2px solid #1f6fb2;padding-top:.6rem;margin-top:2.6rem}
table{border-collapse:collapse;margin:.3rem 0 1.2rem}
caption{text-align:left;font-weight:bold;padding:.3rem 0}
th,td{text-align:left;vertical-align:top;padding:.15rem .8rem .15rem 0;border-bottom:1px solid #ddd}
code{background:#f2f2f2;padding:.1rem .3rem;overflow-wrap:anywhere}
figure{display:inline-block;vertical-align:top;margin:.4rem 1rem 1rem 0;max-width:100%}
figure img{max-width:100%}
figcaption{max-width:40rem}
summary{cursor:pointer;margin:.4rem 0}
</style>
</head>
<body>
{% macro table(sheet, title) %}
{% if sheet.rows %}
<table>
{% if title %}
<caption>{{ title }}</caption>
{% endif %}
<tr>{% for name in sheet.columns %}<th>{{ name }}</th>{% endfor %}</tr>
{% for row in sheet.rows %}
<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</table>
{% endif %}
{% endmacro %}
{% macro figure(one) %}
<figure><img src="{{ one.address }}" alt="{{ one.caption }}">
{% if one.command %}
<figcaption>{{ one.caption }}<br><code>{{ one.command }}</code></figcaption>
{% endif %}
</figure>
{% endmacro %}
<h1>handover: what the benchmarks say</h1>
{% if sections|length > 1 %}
<ul>
{% for section in sections %}
<li><a href="#s{{ loop.index }}">{{ section.title }}</a></li>
{% endfor %}
</ul>
{% endif %}
{% for section in sections %}
<h2 id="s{{ loop.index }}">{{ section.title }}</h2>
{% if section.command %}
<p>Again: <code>{{ section.command }}</code></p>
{% endif %}
<table>
{% for name, value in section.facts %}
<tr><th>{{ name }}</th><td>{{ value }}</td></tr>
{% endfor %}
</table>
{% for one in section.plots %}{{ figure(one) }}{% endfor %}

{% for sheet in section.sheets %}{{ table(sheet, sheet.title) }}{% endfor %}

{% if section.pictures %}
<h3>The worst</h3>
{% for one in section.pictures %}{{ figure(one) }}{% endfor %}

{% endif %}
{% for sheet in section.details if sheet.rows %}
<details><summary>{{ sheet.title }}</summary>{{ table(sheet, "") }}</details>
{% endfor %}
{% endfor %}
</body>
</html>
"""
