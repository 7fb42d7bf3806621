"""Recognises refusals written as plain text. Only short answers that begin with one count: missing a refusal is better than
rejecting a good text. Pure."""

from __future__ import annotations

import re

MAX_LENGTH = 400
"""Characters. A longer answer is a text, whatever it begins with."""
_ENGLISH = (
    r"(?:(?:i'?m|i am|we'?re) (?:very |so |really )?(?:sorry|afraid),? |sorry,? |i apologi[sz]e,? |unfortunately,? )?"
    r"(?:but )?(?:as an ai(?: language)?(?: model| assistant)?,? )?"
    r"(?:i|we)(?: (?:can'?t|can ?not|won'?t|am unable to|am not able to|must decline to|have to decline to)"
    r"|'m (?:unable|not able) to) "
    r"(?:(?:help|assist)(?: you)? (?:with|in|by) (?:that|this|it|your|those|these|such|creating|writing|generating|any|the)"
    r"|(?:comply|fulfil|fulfill|complete|continue)(?: with)? (?:that|this|your|the) request"
    r"|(?:create|generate|provide|produce|describe|identify|answer|write|complete|engage (?:in|with)) "
    r"(?:that|such|this (?:kind|type|sort|content|request|person|picture|image|material)|people|"
    r"anyone|any|explicit|sexual|harmful|content|the (?:person|people|text|image|picture|post)))"
)
_OTHERS = (
    r"(?:mi dispiace|spiacente|mi spiace|purtroppo),? (?:ma )?non (?:posso|sono in grado di) "
    r"(?:aiutar|assister|soddisfare|fornir|creare|generare|scrivere (?:quest|conten)|completare|rispondere a quest)",
    r"non (?:posso|sono in grado di) (?:aiutar\w*|assister\w*|soddisfare) (?:con|in|la|quest)",
    r"(?:lo siento|lamentablemente|disculpa),? (?:pero )?no puedo "
    r"(?:ayudar|asistir|cumplir|proporcionar|crear|generar|escribir (?:es|conten)|completar|responder a es)",
    r"no puedo (?:ayudarte|ayudarle|ayudar) con",
    r"(?:je suis (?:vraiment )?désolée?|désolée?|malheureusement),? (?:mais )?je ne (?:peux|suis pas en mesure) "
    r"(?:malheureusement )?(?:pas |de )?(?:vous |t')?"
    r"(?:aider|répondre à cette|fournir|créer|générer|écrire (?:ce|de)|satisfaire)",
    r"(?:es )?tut mir (?:sehr )?leid,? (?:aber )?(?:dabei|damit|das|diese\w*|ich) .{0,60}?\b(?:nicht|keine)\b.{0,40}"
    r"(?:helfen|erfüllen|erstellen|beantworten|unterstützen|nachkommen|generieren|schreiben|behilflich)",
    r"(?:dabei|damit) kann ich (?:dir|ihnen|euch)? ?(?:leider )?nicht (?:weiter)?helfen",
    r"(?:desculpe|sinto muito|lamento|infelizmente),? (?:mas )?(?:eu )?não posso (?:ajud|atender|fornecer|criar|gerar|cumprir)",
    r"(?:het spijt me|sorry),? (?:maar )?(?:ik kan|daar kan ik|hier kan ik) .{0,40}niet .{0,20}(?:helpen|voldoen|maken)",
    r"(?:przepraszam|przykro mi),? (?:ale )?nie mogę (?:pomóc|spełnić|wykonać)",
    r"(?:извините|простите|к сожалению),? (?:но )?я не могу (?:помочь|выполнить|создать|ответить на этот)",
    r"申し訳(?:ありません|ございません|ないです)が、?.{0,40}(?:できません|お手伝い|お答え|いたしかねます)",
    r"(?:很|非常)?(?:抱歉|对不起|對不起)[，,]? ?我(?:无法|不能|無法)(?:协助|帮助|提供|满足|完成|生成|回答|協助|幫助)",
    r"죄송(?:하지만|합니다)[,.]? ?.{0,40}(?:도와드릴 수 없|도울 수 없|제공할 수 없|응할 수 없)",
)
_PUNCTUATION = re.compile(r"\s*[,.;:!\u2013\u2014-]+\s+")
_REFUSAL = re.compile(rf"\W*(?:{'|'.join((_ENGLISH, *_OTHERS))})", re.IGNORECASE)


def is_refusal(text: str) -> bool:
    normalized = _PUNCTUATION.sub(", ", " ".join(text.replace("\u2019", "'").split()))
    return len(normalized) <= MAX_LENGTH and "{" not in normalized and bool(_REFUSAL.match(normalized))
