"""YouTube's categories of videos."""

CATEGORIES = {
    "22": "People and blogs",
    "26": "How-to and style",
    "24": "Entertainment",
    "19": "Travel and events",
    "10": "Music",
    "1": "Film and animation",
    "2": "Cars and vehicles",
    "15": "Pets and animals",
    "17": "Sports",
    "20": "Gaming",
    "23": "Comedy",
    "25": "News and politics",
    "27": "Education",
    "28": "Science and technology",
    "29": "Nonprofits and activism",
}
"""YouTube's ids of categories that a video may have, the usual one first."""
