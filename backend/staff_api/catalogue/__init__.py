"""The staff's door to the catalogue (事项目录): what item administrators and departments do."""
