"""Draws small portraits without a model: enough to see who is who in a gallery, different enough to tell apart."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

WIDTH, HEIGHT = 512, 640
SCENES = {
    "at the beach": ("#8fd3f4", "#f7e3b0"),
    "in a city at night": ("#1a1c3a", "#51407a"),
    "in a forest": ("#cfe8c0", "#35633f"),
    "in the snowy mountains": ("#b9d4ee", "#ffffff"),
    "in a cafe": ("#e8cfa9", "#7a4b2c"),
    "at sunset": ("#ff9a62", "#6b3f8f"),
}
CLOTHES = {"red": "#b3362f", "blue": "#2f5fa8", "green": "#2f7d55", "yellow": "#d9a520", "white": "#e9e6df", "black": "#2b2b30"}
MOODS = ("smiling", "serious", "laughing")


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a picture shows: names of SCENES, CLOTHES and MOODS, a person by colors of hair and skin, and a seed for places."""

    scene: str
    clothes: str
    mood: str
    hair: str
    skin: str
    seed: int

    @property
    def words(self) -> str:
        return f"{self.scene}, {self.clothes} sweater, {self.mood}"


def choose_drawing(dice: random.Random, *, hair: str, skin: str) -> Drawing:
    return Drawing(dice.choice(list(SCENES)), dice.choice(list(CLOTHES)), dice.choice(MOODS), hair, skin, dice.getrandbits(32))


def draw(drawing: Drawing, path: Path) -> Image.Image:
    """Writes the picture as WebP and returns it."""
    dice = random.Random(drawing.seed)
    top, bottom = SCENES[drawing.scene]
    background = ImageOps.colorize(Image.linear_gradient("L").resize((WIDTH, HEIGHT)), top, bottom)
    pen = ImageDraw.Draw(background)
    _draw_scene(pen, drawing.scene, dice)
    _draw_person(pen, drawing, dice)
    background.save(path, "WEBP", quality=80, method=0)
    return background


def _draw_scene(pen: ImageDraw.ImageDraw, scene: str, dice: random.Random) -> None:
    for _ in range(12):
        x, y, size = dice.randint(0, WIDTH), dice.randint(0, HEIGHT * 2 // 3), dice.randint(20, 90)
        if scene == "in a city at night":
            pen.rectangle((x, HEIGHT - 6 * size, x + size, HEIGHT), fill="#252848")
            pen.rectangle((x + size // 3, HEIGHT - 5 * size, x + size // 2, HEIGHT - 5 * size + 14), fill="#f4d66b")
        elif scene == "in a forest":
            pen.polygon(((x, y), (x - size, y + 3 * size), (x + size, y + 3 * size)), fill="#2d5a3a")
        elif scene == "in the snowy mountains":
            pen.polygon(((x, y + 60), (x - 3 * size, HEIGHT), (x + 3 * size, HEIGHT)), fill="#8ea6bf", outline="#ffffff")
        elif scene == "in a cafe":
            pen.rectangle((x, y, x + size, y + size), fill="#9a6a42", outline="#f3e2c4", width=4)
        else:
            pen.ellipse((x - size, y, x + size, y + size // 3), fill="#ffffff" if scene == "at the beach" else "#ffc38a")


def _draw_person(pen: ImageDraw.ImageDraw, drawing: Drawing, dice: random.Random) -> None:
    x, y = WIDTH // 2 + dice.randint(-70, 70), HEIGHT // 2 + dice.randint(-50, 40)
    size = dice.randint(92, 128)
    pen.ellipse((x - 2 * size, y + size, x + 2 * size, y + 5 * size), fill=CLOTHES[drawing.clothes])
    pen.ellipse((x - 1.2 * size, y - 1.5 * size, x + 1.2 * size, y + 1.5 * size), fill=drawing.hair)
    pen.rectangle((x - size // 3, y + size // 2, x + size // 3, y + 1.4 * size), fill=drawing.skin)
    pen.ellipse((x - size, y - 1.1 * size, x + size, y + 1.2 * size), fill=drawing.skin)
    pen.pieslice((x - 1.1 * size, y - 1.4 * size, x + 1.1 * size, y + 0.6 * size), 190, 350, fill=drawing.hair)
    for side in (-1, 1):
        eye = x + side * 0.42 * size
        pen.ellipse((eye - 9, y - 8, eye + 9, y + 10), fill="#2a2220")
    mouth = (x - 0.4 * size, y + 0.3 * size, x + 0.4 * size, y + 0.75 * size)
    if drawing.mood == "serious":
        pen.line((mouth[0], mouth[3] - 8, mouth[2], mouth[3] - 8), fill="#8a3d3a", width=6)
    else:
        pen.chord(mouth, 0, 180, fill="#8a3d3a" if drawing.mood == "laughing" else "#c46a63")
