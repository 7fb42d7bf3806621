"""In which words people read: messages that know their parts, catalogues of translations, and who reads now. No product in it.

The English sentence in the code is the key of its translation (gettext). `tr` words a sentence at once, for whoever reads; that of
`tr_lazy` is worded later, by `worded`, wherever it is shown. Catalogues: `catalogues/<language>/<part>.po`; `make words` brings
them up to date with the code.
"""

from backend.language.catalogues import LANGUAGES, translations
from backend.language.messages import Message, joined, stored, tr_lazy, tr_lazy_plural
from backend.language.reader import Reader, reader, reading, set_resolver
from backend.language.words import tr, tr_context, tr_plural, worded

__all__ = [
    "LANGUAGES",
    "Message",
    "Reader",
    "joined",
    "reader",
    "reading",
    "set_resolver",
    "stored",
    "tr",
    "tr_context",
    "tr_lazy",
    "tr_lazy_plural",
    "tr_plural",
    "translations",
    "worded",
]
