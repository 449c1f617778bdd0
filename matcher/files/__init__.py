"""Tables, workbooks, frames, road graphs and plans: in and out."""
