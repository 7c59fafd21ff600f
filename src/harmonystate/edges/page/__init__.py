"""The page of `harmony dashboard`, by nicegui: it is handed snapshots, and shows them.

server.py    serves it on one address
layout.py    what stands where; draws anew only what has changed
curves.py    score, people, sad people over time
ranking.py   the saddest, with their share and how sure it is
drones.py    drones on latitude and longitude
cards.py     alerts, as Discord shows them
pipeline.py  the pipeline: its picture, and the same as a table
picture.py   the picture, in two shapes
shapes.py    where its nodes stand
arrows.py    what is said of an arrow of it
outages.py   what does not answer
bits.py      elements that several of these use
style.css    colours, type, spacing, light and dark, wide and narrow
"""
