"""YouTube's categories of videos."""

from backend.language import tr_lazy

CATEGORIES = {
    "22": tr_lazy("People and blogs"),
    "26": tr_lazy("How-to and style"),
    "24": tr_lazy("Entertainment"),
    "19": tr_lazy("Travel and events"),
    "10": tr_lazy("Music"),
    "1": tr_lazy("Film and animation"),
    "2": tr_lazy("Cars and vehicles"),
    "15": tr_lazy("Pets and animals"),
    "17": tr_lazy("Sports"),
    "20": tr_lazy("Gaming"),
    "23": tr_lazy("Comedy"),
    "25": tr_lazy("News and politics"),
    "27": tr_lazy("Education"),
    "28": tr_lazy("Science and technology"),
    "29": tr_lazy("Nonprofits and activism"),
}
"""YouTube's ids of categories that a video may have, the usual one first."""
