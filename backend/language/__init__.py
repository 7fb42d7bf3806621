"""In which words people read: messages that know their parts, catalogues of translations, and who reads now. No product here.

The English sentence in the code is the key of its translation (gettext). `tr` words it at once, for whoever reads; what
`tr_lazy` returns is worded later, by `worded`, wherever it is shown. `make words` brings the catalogues
(`catalogues/<language>/<part>.po`) up to date with the code.
"""

from backend.language.catalogues import LANGUAGES, translations
from backend.language.messages import Message, Moment, joined, stored, tr_lazy, tr_lazy_plural
from backend.language.reader import Reader, reader, reading, set_resolver
from backend.language.words import tr, tr_context, tr_plural, worded

__all__ = [
    "LANGUAGES",
    "Message",
    "Moment",
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
